/// <reference path="./pages/window.d.ts" />
/** System E in real browsers: image sessions of the real Express back-end, and the page that shows them. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, afterEach, before, describe, it } from "node:test";
import { buildPage } from "../../scripts/lib/demo.mjs";
import { assertSound, BROWSERS, course, until, useStage } from "./stage.mjs";
import { startEmbeddedServer, startExpress } from "./support/backend.mjs";
import { hasWorkers } from "./support/browser.mjs";
import { DemoPage } from "./support/demo-page.mjs";
import { noteImages, PHOTO, PROGRESS_PATH, sendPhoto, serverHas } from "./support/images.mjs";
import { serveLab } from "./support/lab.mjs";
import { WAIT_MS } from "./support/patience.mjs";
import { createFaultProxy } from "./support/proxy.mjs";
import { clientOf } from "./support/unmount.mjs";

/** @typedef {import("./support/backend.mjs").Backend} Backend */

/** What the extraction tells, in order. */
const PROGRESS = [10, 20, 30, 50, 70, 90, 100];
const SENTENCES = [
  "Getting ready",
  "Reading the file",
  "Checking the format",
  "Reading the metadata",
  "Looking at what was found",
  "Putting the result together",
  "The extraction is complete",
];
const PING_INTERVAL_MS = 150;
const LATENCY_MS = 40;
/** Long enough for what is found out about an attempt to be told before the next. */
const SLOW_RECONNECT = { attempts: 100, baseDelay: 3000, maxDelay: 3000, jitter: "none", minUptime: 0 };
const CAP = 3;
const UPLOADS = 10;

/** Awaits the end of the session that is read at this address. @param {string} url */
async function ended(url) {
  const deadline = performance.now() + WAIT_MS;
  while ((await (await fetch(url)).json()).status === "running")
    assert.ok(performance.now() < deadline, "the session goes on and on");
}

let sessions = 0;
const newSession = () => `session-${++sessions}`;

describe("image sessions", () => {
  const stage = useStage();
  /** As the original: nothing is told twice. @type {Backend} */
  let server;
  /** Tells who comes back where it is. @type {Backend} */
  let replaying;
  /** Serves the page, and has image sessions of its own. @type {Backend} */
  let host;
  /** Has the page with its client at hand. @type {Awaited<ReturnType<typeof serveLab>>} */
  let lab;
  /** @type {import("./support/proxy.mjs").FaultProxy} */
  let proxy;
  /** @type {DemoPage[]} */
  const pages = [];

  before(async () => {
    buildPage();
    const env = { PING_INTERVAL_MS: String(PING_INTERVAL_MS), REPLAY: "0" };
    const started = await Promise.all([startExpress({ env }), startExpress(), startEmbeddedServer()]);
    [server, replaying, host] = started;
    lab = await serveLab("unmount");
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
    await Promise.all([server?.kill(), replaying?.kill(), host?.kill(), lab?.close()]);
  });

  /**
   * The page, with the sessions of a server.
   * @param {typeof BROWSERS[number]} name
   * @param {string} [at] the server
   * @param {Record<string, string>} [options] of the page
   */
  async function open(name, at = proxy.url, options = {}) {
    const query = new URLSearchParams({ server: at, pace: "60", ...options });
    const url = `${host.url}/images.html?${query}`;
    const page = await DemoPage.open(await stage.browser(name), url, noteImages);
    pages.push(page);
    return page;
  }

  for (const name of BROWSERS) {
    describe(name, () => {
      /** @param {object} [options] */
      const watch = (options) =>
        stage.watch(name, { url: proxy.url, path: PROGRESS_PATH, polling: false, ...options });

      /** @param {import("./stage.mjs").Watcher} watcher @param {string} id */
      const connectedTo = (watcher, id) =>
        watcher.until(
          (wanted) =>
            window.seen.events.some(
              ({ event, payload }) => event === "connected" && payload.sessionId === wanted,
            ),
          id,
        );

      /**
       * Follows a session until its socket is connected.
       * @param {import("./stage.mjs").Watcher} watcher
       * @param {string} id
       */
      async function connected(watcher, id) {
        await watcher.follow(id);
        await connectedTo(watcher, id);
      }

      it("are told as connected, once a socket", async () => {
        const watcher = await watch();
        const id = newSession();
        await connected(watcher, id);
        await watcher.state("open");
        const { events } = await watcher.seen();
        const [told, ...others] = events.filter(({ event }) => event === "connected");
        assert.ok(!Number.isNaN(Date.parse(told?.payload.timestamp)));
        assert.deepEqual(others, []);
        await watcher.close(proxy);
      });

      it("take an upload from 202 to 100, each step with its sentence", async () => {
        const watcher = await watch();
        const id = newSession();
        await connected(watcher, id);
        assert.equal((await sendPhoto(server.url, id)).status, 202);
        const end = await watcher.end(id);
        assert.deepEqual([end.status, end.progress, end.message], ["completed", 100, SENTENCES.at(-1)]);
        const { jobs, events } = await watcher.seen();
        const told = events.filter(({ event }) => event === "progress").map(({ payload }) => payload);
        assert.deepEqual(
          told.map(({ progress }) => progress),
          PROGRESS,
        );
        assert.deepEqual(
          told.map(({ status }) => status),
          SENTENCES,
        );
        assertSound(jobs[id] ?? []);
        // The server leaves the socket open at the end; the client has no more use for it.
        await serverHas(server.url, ({ sockets }) => sockets === 0);
        assert.ok((await watcher.seen()).states.every(({ error }) => error === undefined));
        await watcher.close(proxy);
      });

      it("are pinged and answer, and their own pings measure the round trip", async () => {
        const state = async () => (await fetch(`${server.url}/api/images_mvp/_control/state`)).json();
        const { pings, pongs } = await state();
        const watcher = await watch();
        const id = newSession();
        await connected(watcher, id);
        await serverHas(server.url, (now) => Number(now["pongs"]) > pongs + 1);
        proxy.latency(LATENCY_MS);
        const said = await watcher.test.page.evaluate(
          (jobId) => window.client.send("ping", { jobId }, { volatile: true }),
          id,
        );
        assert.equal(said, "sent");
        const took = await watcher.until(() => window.client.connection.current.rttMs);
        // Timers may be early by a millisecond.
        assert.ok(took >= 2 * LATENCY_MS - 2 && took < WAIT_MS, `${took} ms`);
        assert.equal((await state()).pings, pings + 1);
        proxy.latency(0);
        await watcher.close(proxy);
      });

      it("show a failure that is told as progress 0 as failed, with the bar where it was", async () => {
        const watcher = await watch();
        const id = newSession();
        await connected(watcher, id);
        await sendPhoto(server.url, id, { fail: true });
        const end = await watcher.end(id);
        assert.deepEqual([end.status, end.progress], ["failed", 70]);
        assert.match(end.error.message, /^Extraction failed: /);
        const { jobs, events } = await watcher.seen();
        assert.equal(events.filter(({ event }) => event === "progress").at(-1)?.payload.progress, 0);
        assertSound(jobs[id] ?? []);
        assert.ok(!course(jobs[id] ?? [], "progress").includes(0));
        await watcher.close(proxy);
      });

      it("tell a missing endpoint from a server that is gone, in words", async () => {
        const lost = await watch({ path: "/api/images_mvp/nowhere/{id}" });
        await lost.follow(newSession());
        const missing = await lost.until(() => {
          const { error } = window.client.connection.current;
          return error?.code === "handshake" && `${error.message} ${error.remedy}`;
        });
        assert.match(String(missing), /server answers HTTP, but the WebSocket was not opened.*`path`/);
        await lost.close(proxy);

        const mortal = await startExpress();
        const watcher = await watch({ url: mortal.url });
        await connected(watcher, newSession());
        await mortal.kill();
        const gone = await watcher.until(() => {
          const { error } = window.client.connection.current;
          return error?.message.includes("could not be reached") && `${error.code}: ${error.remedy}`;
        });
        assert.match(String(gone), /^network: .*`url` and the server;/);
        await watcher.close(proxy);
      });

      it("tell a network that is down from a missing endpoint with the first attempt, and come in once the server is there", async () => {
        // Nobody listens there.
        const late = await startExpress();
        await late.kill();
        const url = late.url;
        const patient = { url, reconnect: SLOW_RECONNECT };
        /**
         * What the first attempt is told as: once it is known why it failed, as a browser does not say.
         * @param {import("./stage.mjs").Watcher} watcher
         */
        const firstProblem = async (watcher) => {
          const unknown = "The WebSocket was not opened.";
          await watcher.until(
            (words) => window.seen.states.some(({ error }) => error && error.message !== words),
            unknown,
          );
          const { states } = await watcher.seen();
          const [first] = states.filter(({ error }) => error && error.message !== unknown);
          return {
            attempt: first.attempt,
            says: `${first.error.code}: ${first.error.message} ${first.error.remedy}`,
          };
        };
        const early = await watch(patient);
        const id = newSession();
        await early.follow(id);
        const down = await firstProblem(early);
        assert.equal(down.attempt, 1);
        assert.match(down.says, /^network: .*could not be reached by WebSocket or HTTP.*the server;/);

        // Before the endpoint there is a server that knows of none.
        const older = createServer((_, response) => void response.writeHead(404).end());
        await new Promise((resolve) => older.listen(late.port, "127.0.0.1", () => resolve(undefined)));
        const lost = await watch(patient);
        const other = newSession();
        await lost.follow(other);
        const missing = await firstProblem(lost);
        assert.equal(missing.attempt, 1);
        assert.match(
          missing.says,
          /^handshake: The server answers HTTP, but the WebSocket was not opened.*`path`/,
        );
        // Who was told of the network is told of the endpoint by now.
        await early.until(() => window.client.connection.current.error?.code === "handshake");
        const closed = new Promise((resolve) => older.close(resolve));
        older.closeAllConnections();
        await closed;
        await lost.until(() => window.client.connection.current.error?.code === "network");

        await late.start();
        for (const [watcher, session] of /** @type {const} */ ([
          [early, id],
          [lost, other],
        ])) {
          await connectedTo(watcher, session);
          await watcher.state("open");
          assert.equal((await sendPhoto(url, session)).status, 202);
          assert.equal((await watcher.end(session)).status, "completed");
          await watcher.close(proxy);
        }
        await late.kill();
      });

      it("share a few sockets, each in its turn, and all come to their end", async () => {
        const crowd = await stage.proxy(server.url);
        const watcher = await watch({ url: crowd.url, pool: { maxSockets: CAP, linger: 50 } });
        const ids = Array.from({ length: UPLOADS }, newSession);
        crowd.events.on("upgrade", (path) => {
          turns.push(path.split("/").pop());
        });
        /** @type {string[]} */
        const turns = [];
        // Each is sent when it has its socket, so that a server that tells nothing twice would do.
        const sent = ids.map(async (id) => {
          await connected(watcher, id);
          await sendPhoto(server.url, id);
          return watcher.end(id);
        });
        for (const { status } of await Promise.all(sent)) assert.equal(status, "completed");
        assert.equal(await watcher.test.page.evaluate(() => window.sockets.most), CAP);
        // Handshakes that are under way together may overtake each other.
        for (const [place, id] of ids.entries())
          assert.ok(Math.abs(turns.indexOf(id) - place) < CAP, `the turns were ${turns}`);
        await watcher.close(crowd);
      });

      it("show an image on the page from 202 to what is in it, with the round trip", async () => {
        const page = await open(name);
        /** @type {number[]} */
        const answers = [];
        page.page.on("response", (response) => {
          if (response.url().includes("/extract") && response.request().method() === "POST")
            answers.push(response.status());
        });
        await page.choose(PHOTO);
        await page.shows("[data-rtt]");
        await page.counts("[data-status=completed]", 1);
        await page.says(".facts", "Jobwire Sample 1");
        await page.says(".card-message", String(SENTENCES.at(-1)));
        assert.deepEqual(answers, [202]);
        const percents = await page.page.evaluate(() => [...window.percents].filter(Boolean));
        assert.equal(percents.at(-1), "100 %");
        // A page that is busy shows some of them only.
        assert.deepEqual(
          percents,
          PROGRESS.map((progress) => `${progress} %`).filter((text) => percents.includes(text)),
        );
      });

      it("say on the page that they reconnect, hold the bar, and go on", async () => {
        const frail = await stage.proxy(replaying.url);
        const page = await open(name, frail.url, { pace: "1000" });
        await page.choose(PHOTO);
        await page.until(
          () => Number(document.querySelector("[data-session-id]")?.getAttribute("data-progress")) >= 20,
        );
        await frail.mode("refuseUpgrade");
        frail.cut();
        await page.says(".tracker .fresh", "Reconnecting…");
        await page.shows(".bar[data-tone=held]");
        await frail.mode("pass");
        await page.counts("[data-status=completed]", 1);
        assert.equal(await page.page.$(".tracker .fresh"), null);
      });

      it("show a failure on the page without a number, and are tried again as new ones", async () => {
        const page = await open(name);
        await page.press("Make the next one fail");
        await page.choose(PHOTO);
        await page.counts("[data-status=failed]", 1);
        const id = await page.page.$eval("[data-session-id]", (card) => card.getAttribute("data-session-id"));
        await page.says(".card-problem", "Extraction failed");
        assert.equal(await page.page.$eval(".percent", ({ textContent }) => textContent), "");
        assert.equal(await page.page.$eval(".bar", (bar) => bar.getAttribute("aria-valuenow")), "70");
        await page.press("Retry");
        await page.counts("[data-status=completed]", 1);
        assert.equal(await page.page.$(`[data-session-id='${id}']`), null);
        assert.ok(!(await page.page.evaluate(() => [...window.percents])).includes("0 %"));
      });

      it("wait on the page for their turn, and say so", async () => {
        const page = await open(name, proxy.url, { pace: "150" });
        await page.press("Send 8 at once");
        await page.says(".card-message", `Waits for one of the ${CAP} sockets`);
        await page.counts("[data-status=completed]", 8);
        assert.equal(await page.page.evaluate(() => window.sockets.most), CAP);
      });

      it("leave nothing behind when they are removed from the page, or the page is left", async () => {
        const page = await open(name, proxy.url, { pace: "5000" });
        await page.choose(PHOTO);
        await page.shows("[data-status=running]");
        await page.press("Remove");
        await serverHas(server.url, ({ sockets }) => sockets === 0);
        await page.choose(PHOTO);
        await page.shows("[data-status=running]");
        await serverHas(server.url, ({ sockets }) => sockets === 1);
        await page.page.goto(`${host.url}/index.html`, { waitUntil: "load" });
        await serverHas(server.url, ({ sockets }) => sockets === 0);
        await until(proxy, () => proxy.counters.openWebSockets === 0);
      });
    });
  }

  for (const name of BROWSERS) {
    it(`leave nothing in the client when their page is unmounted, in ${name}`, async () => {
      const page = await DemoPage.open(
        await stage.browser(name),
        `${lab.url}/?${new URLSearchParams({ page: "images", server: proxy.url, pace: "5000" })}`,
      );
      pages.push(page);
      await page.choose(PHOTO);
      await page.shows("[data-status=running]");
      const inside = await clientOf(page);
      assert.deepEqual([inside.connections.length, inside.subscriptions.length], [1, 1]);
      assert.ok(Object.keys(inside.listeners).length > Object.keys(inside.listenersBefore).length);
      await page.page.evaluate(() => window.leave());
      await serverHas(server.url, ({ sockets }) => sockets === 0);
      await page.until(async () => (await window.client.inspect()).connections.length === 0);
      await page.until(async () => {
        const { queues } = await window.client.inspect();
        return Object.values(queues).every((count) => count === 0);
      });
      const { connections, subscriptions, listeners, listenersBefore } = await clientOf(page);
      assert.deepEqual([connections, subscriptions], [[], []]);
      assert.deepEqual(listeners, listenersBefore);
    });
  }

  for (const name of BROWSERS) {
    it(`work on the embedded server, in a worker as well, in ${name}`, async () => {
      for (const worker of ["0", "1"]) {
        const page = await open(name, host.url, { worker });
        await page.choose(PHOTO);
        await page.counts("[data-status=completed]", 1);
        await page.says(".facts", "Jobwire Sample 1");
        assert.equal(hasWorkers(page.page), worker === "1");
      }
    });
  }

  it("can be started over where the end was told while nobody heard it", async () => {
    const page = await open("chromium", proxy.url, { pace: "1000" });
    await page.choose(PHOTO);
    // The first progress can arrive before the answer to the upload, which a cut connection would lose.
    await page.shows("[data-status=running][data-phase=accepted]");
    await proxy.mode("refuseUpgrade");
    proxy.cut();
    const id = await page.page.$eval("[data-session-id]", (card) => card.getAttribute("data-session-id"));
    await until(proxy, () => proxy.counters.refusedUpgrades > 0);
    await ended(`${server.url}/api/images_mvp/sessions/${id}`);
    await proxy.mode("pass");
    await page.says(".card-actions", "Start over");
    await page.press("Start over");
    await page.counts("[data-status=completed]", 1);
    assert.equal(await page.page.$(`[data-session-id='${id}']`), null);
  });

  it("say on the page that there is no such endpoint", async () => {
    const page = await open("chromium", proxy.url, { path: "/api/images_mvp/nowhere/{id}" });
    await page.choose(PHOTO);
    await page.says(".connection-says", "The server answers HTTP, but the WebSocket was not opened.");
  });
});
