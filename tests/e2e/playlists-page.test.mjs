/** The playlists page in real browsers, on the real back-end of system C and on the embedded server. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { buildPage } from "../../scripts/lib/demo.mjs";
import { BROWSERS, useStage } from "./stage.mjs";
import { startEmbeddedServer, startWs } from "./support/backend.mjs";
import { hasWorkers } from "./support/browser.mjs";
import { DemoPage } from "./support/demo-page.mjs";
import { serveLab } from "./support/lab.mjs";
import { WAIT_MS } from "./support/patience.mjs";
import { clientOf } from "./support/unmount.mjs";

const SAMPLE_ROWS = 1000;
const SAMPLE_PLAYLISTS = 10;
/** Of a batch of 50 rows, ms: each phase lasts long enough to be shown. */
const VISIBLE_PACE_MS = "50";
const PHASES = ["metadata", "matching", "chartmetric"];
/** Followers of the first playlist on the page, after one more has come. */
const FOLLOWED = "31,677";

/** How many sockets a server has. @param {string} at @returns {Promise<number>} */
const socketsOf = async (at) => (await (await fetch(`${at}/api/_control/state`)).json()).sockets;

/** Runs in the page before its scripts: notes what each phase of an enrichment was shown as, and its job. */
function notePhases() {
  /** @type {Record<string, string[]>} */
  const phases = {};
  Object.assign(window, { phases });
  const look = () => {
    for (const element of document.querySelectorAll("[data-kind=enrichment] [data-phase]")) {
      const status = element.closest("[data-status]")?.getAttribute("data-status");
      const state = `${element.getAttribute("data-state")} in a ${status} job`;
      const course = (phases[element.getAttribute("data-phase") ?? ""] ??= []);
      if (course.at(-1) !== state) course.push(state);
    }
  };
  const attributeFilter = ["data-state", "data-status"];
  new MutationObserver(look).observe(document, { attributeFilter, childList: true, subtree: true });
}

describe("the playlists page", () => {
  const stage = useStage();
  /** Serves the page, and has playlists of its own. @type {import("./support/backend.mjs").Backend} */
  let host;
  /** @type {import("./support/backend.mjs").Backend | undefined} */
  let server;
  /** Has the page with its client at hand. @type {Awaited<ReturnType<typeof serveLab>>} */
  let lab;
  /** @type {DemoPage[]} */
  const pages = [];

  before(async () => {
    buildPage();
    [host, lab] = await Promise.all([startEmbeddedServer(), serveLab("unmount")]);
  });
  afterEach(async () => {
    const used = pages.splice(0);
    await Promise.all(used.map((page) => page.close()));
    await server?.kill();
    server = undefined;
    assert.deepEqual(
      used.flatMap(({ test }) => test.errors),
      [],
    );
  });
  after(() => Promise.all([host?.kill(), lab?.close()]));

  /**
   * @param {typeof BROWSERS[number]} name
   * @param {string} at the server
   * @param {Record<string, string>} [options] of the page
   */
  async function open(name, at, options = {}) {
    const query = new URLSearchParams({ server: at, pace: "20", ...options });
    const page = await DemoPage.open(
      await stage.browser(name),
      `${host.url}/playlists.html?${query}`,
      notePhases,
    );
    pages.push(page);
    await page.shows(".connection[data-state=open]");
    return page;
  }

  /** An empty library. */
  async function serve() {
    server = await startWs();
    return server.url;
  }

  for (const name of BROWSERS) {
    describe(name, () => {
      it("shows an import, its enrichment phase by phase, and the playlists it makes, on every screen", async () => {
        const at = await serve();
        // The one that is watched in front: Firefox has little time for a window behind another.
        const [onlooker, page] = [await open(name, at), await open(name, at, { pace: VISIBLE_PACE_MS })];
        await page.press("Use a sample file");
        await page.counts("[data-kind=import][data-status=completed]", 1);
        await page.counts("[data-kind=enrichment] [data-phase][data-state=done]", PHASES.length);
        const phases = await page.page.evaluate(() => window.phases);
        assert.deepEqual(Object.keys(phases), PHASES);
        for (const phase of PHASES) {
          const course = phases[phase]?.map((state) => state.split(" ")[0]);
          assert.deepEqual([...new Set(course)], ["next", "now", "done"], phase);
          assert.ok(phases[phase]?.includes("now in a running job"), `${phase}: ${phases[phase]}`);
        }
        // One is over before the next begins.
        for (const phase of PHASES.slice(0, -1))
          assert.ok(phases[phase]?.includes("done in a running job"), `${phase}: ${phases[phase]}`);
        await page.says("[data-kind=enrichment][data-status=completed]", `of ${SAMPLE_ROWS / 1000},000 rows`);
        for (const screen of [page, onlooker]) {
          await screen.counts("[data-playlist-id]", SAMPLE_PLAYLISTS);
          await screen.until(() =>
            [...document.querySelectorAll("[data-figure=enriched]")].every(
              ({ textContent }) => textContent === "100",
            ),
          );
          await screen.says(".activity", `Enriched ${SAMPLE_ROWS} tracks`);
          await screen.says(".analytics", "1,000");
        }
        await page.press("Follow");
        await onlooker.says("[data-figure=followers]", FOLLOWED);
        await page.page.$eval(".audit summary", (summary) => summary.click());
        await page.says("[data-event=chartmetric_progress]", "came without a listener");
        await page.says("[data-event=gap]", "listener never fired");
      });

      it("says why an enrichment failed", async () => {
        const page = await open(name, await serve());
        await page.press("Make the next enrichment fail");
        await page.press("Use a sample file");
        await page.says("[data-kind=enrichment][data-status=failed] .card-problem", "did not answer");
      });

      it("has what was missed once a lost connection is back", async () => {
        const at = await serve();
        const proxy = await stage.proxy(at);
        const [page, other] = [await open(name, proxy.url), await open(name, at)];
        await page.press("Use a sample file");
        await page.counts("[data-kind=enrichment][data-status=completed]", 1);
        await proxy.mode("down");
        await page.shows(".connection:not([data-state=open])");
        await other.counts("[data-playlist-id]", SAMPLE_PLAYLISTS);
        await other.press("Follow");
        await other.says("[data-figure=followers]", FOLLOWED);
        await proxy.mode("pass");
        await page.says("[data-figure=followers]", FOLLOWED);
      });
    });
  }

  for (const name of BROWSERS) {
    it(`leaves no listener in the client when it is unmounted, and follows nothing, in ${name}`, async () => {
      const at = await serve();
      const query = new URLSearchParams({ page: "playlists", server: at, pace: "5000" });
      const page = await DemoPage.open(await stage.browser(name), `${lab.url}/?${query}`);
      pages.push(page);
      await page.press("Use a sample file");
      await page.shows("[data-kind=import][data-status=running]");
      const inside = await clientOf(page);
      assert.ok(inside.subscriptions.length > 0);
      assert.ok(Object.keys(inside.listeners).length > Object.keys(inside.listenersBefore).length);
      await page.page.evaluate(() => window.leave());
      await page.until(async () => (await window.client.inspect()).subscriptions.length === 0);
      const { listeners, listenersBefore } = await clientOf(page);
      assert.deepEqual(listeners, listenersBefore);
      // The connection is the client's, which lives longer than the page.
      assert.equal(await socketsOf(at), 1);
      await page.page.evaluate(() => window.client.close());
      const deadline = performance.now() + WAIT_MS;
      while ((await socketsOf(at)) > 0) assert.ok(performance.now() < deadline, "a socket is left");
    });
  }

  it("works on the embedded server, in a worker as well", async () => {
    for (const worker of ["0", "1"]) {
      const page = await open("chromium", host.url, { worker });
      await page.press("Use a sample file");
      await page.counts("[data-kind=enrichment][data-status=completed]", 1);
      await page.counts("[data-playlist-id]", SAMPLE_PLAYLISTS);
      assert.equal(hasWorkers(page.page), worker === "1");
    }
  });
});
