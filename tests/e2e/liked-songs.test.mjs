/** The page of liked songs of examples/react: system A as its app has it, on the real back-end on Bun. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { buildPage } from "../../scripts/lib/demo.mjs";
import { BROWSERS, until, useStage } from "./stage.mjs";
import { received, replay } from "./support/analysis.mjs";
import { startBun, startEmbeddedServer } from "./support/backend.mjs";
import { hasWorkers } from "./support/browser.mjs";
import { DemoPage } from "./support/demo-page.mjs";
import { serveLab } from "./support/lab.mjs";
import { createFaultProxy } from "./support/proxy.mjs";
import { clientOf, listenersIn } from "./support/unmount.mjs";

/** @typedef {import("./support/backend.mjs").Backend} Backend */

/** The last of them is about a job of its own. */
const BURST = 61;

describe("liked songs", () => {
  const stage = useStage();
  /** @type {Backend} */
  let server;
  /** Serves the page, and analyses songs itself. @type {Backend} */
  let host;
  /** Has the page with its client at hand. @type {Awaited<ReturnType<typeof serveLab>>} */
  let lab;
  /** @type {import("./support/proxy.mjs").FaultProxy} */
  let proxy;
  /** @type {DemoPage[]} */
  const pages = [];

  before(async () => {
    buildPage();
    [server, host, lab] = await Promise.all([startBun(), startEmbeddedServer(), serveLab("unmount")]);
    proxy = await createFaultProxy({ target: server.url });
  });
  afterEach(async () => {
    await proxy.reset();
    const used = pages.splice(0);
    await Promise.all(used.map((page) => page.close()));
    assert.deepEqual(
      used.flatMap(({ test }) => test.errors),
      [],
    );
  });
  after(async () => {
    await proxy?.close();
    await Promise.all([server?.kill(), host?.kill(), lab?.close()]);
  });

  /**
   * @param {typeof BROWSERS[number]} name
   * @param {Record<string, string>} [options] of the page
   */
  async function open(name, options = { server: proxy.url, api: "/" }) {
    const query = new URLSearchParams({ pace: "50", ...options });
    const page = await DemoPage.open(await stage.browser(name), `${host.url}/songs.html?${query}`);
    pages.push(page);
    await page.shows(".connection[data-state=open]");
    return page;
  }

  /** Likes songs, and has them analysed. @param {DemoPage} page @param {number} good @param {number} [broken] */
  async function analyse(page, good, broken = 0) {
    for (let count = 0; count < good; count += 1) await page.press("Use a sample file");
    for (let count = 0; count < broken; count += 1) await page.press("Like a broken song");
    await page.counts("[data-song][data-status=liked]", good + broken);
    await page.press("Analyse");
  }

  for (const name of BROWSERS) {
    describe(name, () => {
      it("are analysed one by one, with counts, a bar, and what was found", async () => {
        const page = await open(name);
        await analyse(page, 2, 1);
        await page.counts("[data-song][data-status=analyzed]", 2);
        await page.counts("[data-song][data-status=failed]", 1);
        await page.shows(".analysis[data-status=completed][data-progress='100']");
        await page.says(".counts", "3 of 3 songs, 2 analysed, 1 failed");
        await page.says(".song-facts", "beats a minute");
        await page.says(".song .card-problem", "not a WAV file");
      });

      it("have counts but no percentage where the server tells no total", async () => {
        const page = await open(name, { server: proxy.url, api: "/", pace: "1000" });
        await page.press("Leave the total out");
        await analyse(page, 3);
        await page.says(".counts", "songs so far");
        assert.equal(await page.page.$eval(".analysis .percent", ({ textContent }) => textContent), "");
        assert.equal(await page.page.$eval(".analysis .bar", (bar) => bar.ariaValueNow), null);
        await page.shows(".analysis[data-status=completed]");
      });

      it("can be sent again where their analysis failed before it came to them", async () => {
        const page = await open(name);
        await page.press("Make the next analysis fail");
        await analyse(page, 6);
        await page.shows(".analysis[data-status=failed]");
        await page.counts("[data-song][data-status=analyzed]", 5);
        await page.press("Analyse 1 song");
        await page.shows(".analysis[data-status=completed]");
        await page.counts("[data-song][data-status=analyzed]", 6);
      });

      it("come to their end over HTTP while there is no socket, and the page says so", async () => {
        const page = await open(name, { server: proxy.url, api: "/", pace: "500" });
        await analyse(page, 4, 1);
        await page.shows("[data-song][data-status=pending]");
        await proxy.mode("refuseUpgrade");
        proxy.cut();
        // "Reconnecting" comes before it only where the first read is not answered yet.
        await page.says(".connection[data-state=polling]", "Polling");
        await page.counts("[data-song][data-status=analyzed]", 4);
        await page.counts("[data-song][data-status=failed]", 1);
        await page.shows(".analysis[data-status=completed][data-source=polling]");
        await page.says(".counts", "5 of 5 songs, 4 analysed, 1 failed");
      });

      it("show what was found as soon as it can be read, where the first read failed", async () => {
        const page = await open(name, { server: proxy.url, api: "/", pace: "1500" });
        await analyse(page, 3);
        await page.shows("[data-song][data-status=pending]");
        proxy.httpStatus(503);
        await page.shows(".analysis[data-status=completed]");
        // What was found in the first song may have been read in time.
        assert.ok((await page.page.$$(".song-facts")).length < 3);
        proxy.httpStatus(null);
        await page.counts(".song-facts", 3);
      });

      it("tell each message in a render of its own, however many come at once", async () => {
        const page = await open(name);
        // Two of them are about the same job, one behind the other.
        const job = (/** @type {number} */ place) => ({
          jobId: `burst-${place >> 1}`,
          status: "processing",
          progress: { tracksProcessed: place % 2, tracksSucceeded: place % 2, tracksFailed: 0 },
        });
        const burst = Array.from({ length: BURST }, (_, place) => ({ type: "job_status", data: job(place) }));
        await replay(server.url, JSON.stringify(burst));
        await page.says(".last-message", `burst-${(BURST - 1) >> 1}`);
        const lines = await page.page.$$eval(".log-text", (all) => all.map(({ textContent }) => textContent));
        assert.deepEqual(
          lines.filter((line) => line.startsWith("job_status")).reverse(),
          burst.map(({ type, data }) => `${type} ${JSON.stringify(data)}`),
        );
      });

      it("say what became of what they send", async () => {
        const page = await open(name);
        const began = new Date().toISOString();
        await page.press("or be refused");
        await page.says(".log-text", "hello was sent");
        await proxy.mode("refuseUpgrade");
        proxy.cut();
        await page.shows("[data-connected=false]");
        await page.press("or be refused");
        await page.says(".log-text", "There is no connection, and the message was not to wait for one.");
        const queued = new Date().toISOString();
        await page.press("or queue it");
        await page.says(".log-text", "hello waits");
        await proxy.mode("pass");
        // Without waiting for the next attempt.
        await page.page.evaluate(() => window.dispatchEvent(new Event("online")));
        const all = await received(server.url, ({ type, at }) => type === "hello" && at >= queued);
        assert.equal(all.filter(({ type, at }) => type === "hello" && at >= began).length, 2);
      });
    });
  }

  for (const name of BROWSERS) {
    it(`leave nothing in their client when the page is unmounted, in ${name}`, async () => {
      const query = new URLSearchParams({ page: "songs", server: proxy.url, api: "/", pace: "5000" });
      const page = await DemoPage.open(await stage.browser(name), `${lab.url}/?${query}`);
      pages.push(page);
      await page.shows(".connection[data-state=open]");
      await analyse(page, 1);
      await page.shows("[data-song][data-status=pending]");
      const { connections, subscriptions } = await clientOf(page);
      assert.deepEqual([connections.length, subscriptions.length], [1, 1]);
      // The client is closed a moment after its last user has gone: it is looked at before.
      const followers = await page.page.evaluate(async () => {
        window.leave();
        window.auditAfter = await window.client.audit();
        const { subscriptions } = await window.client.inspect();
        return subscriptions.map((/** @type {{ followers: number }} */ one) => one.followers);
      });
      assert.deepEqual(followers, [0]);
      const [before, now] = await page.page.evaluate(() => [window.auditBefore, window.auditAfter]);
      assert.deepEqual(listenersIn(now), listenersIn(before));
      await page.until(() => window.client.connection.current.state === "closed");
      await until(proxy, () => proxy.counters.openWebSockets === 0);
    });
  }

  it("are analysed on the embedded server, in a worker as well", async () => {
    for (const worker of ["0", "1"]) {
      const page = await open("chromium", { worker });
      await analyse(page, 2, 1);
      await page.says(".counts", "3 of 3 songs, 2 analysed, 1 failed");
      await page.counts("[data-song][data-status=analyzed]", 2);
      await page.says(".song-facts", "beats a minute");
      assert.equal(hasWorkers(page.page), worker === "1");
    }
  });
});
