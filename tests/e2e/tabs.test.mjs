/** One connection for all tabs of an origin: real browsers, the embedded server, and tabs that come, go and die. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, beforeEach, describe, it } from "node:test";
import { assertSound, BROWSERS, FAST_HEARTBEAT, SyntheticJob, until, useStage, Watcher } from "./stage.mjs";
import { startEmbeddedServer } from "./support/backend.mjs";
import { openPage } from "./support/browser.mjs";
import { servePages } from "./support/pages.mjs";

/** Within so many ms of the leader's end every bar has to be right again. */
const TAKEOVER_MS = 3000;
/** By how much browsers hold back the timers of hidden pages. */
const HELD_BACK_MS = 1000;
/** Long enough for others to notice. */
const STANDSTILL_MS = 12_000;

const SAMPLE = new URL("../../scripts/sample.wav", import.meta.url);

let jobs = 0;
const newId = () => `tabs-${++jobs}`;

describe("one connection for all tabs", () => {
  const stage = useStage();
  /** @type {import("./support/backend.mjs").Backend} */
  let server;
  /** One for each test: what is at another address is not shared with. @type {import("./stage.mjs").FaultProxy} */
  let proxy;

  before(async () => {
    // A sandboxed frame has the origin "null", which no server should allow beside users.
    server = await startEmbeddedServer({ env: { ...FAST_HEARTBEAT, JOBWIRE_ALLOWED_ORIGINS: "null" } });
  });
  beforeEach(async () => {
    proxy = await stage.proxy(server.url);
  });
  after(() => server.kill());

  /**
   * Opens tabs one after the other, so that the first one leads.
   * @param {typeof BROWSERS[number]} name
   * @param {number} count
   * @param {object} [options]
   */
  async function openTabs(name, count, options) {
    const tabs = [];
    while (tabs.length < count) {
      const tab = await stage.watch(name, { url: proxy.url, shareAcrossTabs: true, ...options });
      await tab.test.page.evaluate(() => window.client.ready);
      tabs.push(tab);
    }
    return tabs;
  }

  /** Closes all tabs but one, and that one as a test closes its only tab. @param {import("./stage.mjs").Watcher[]} tabs */
  async function closeAll(tabs) {
    const [last, ...others] = tabs;
    for (const tab of others) {
      tab.assertQuiet();
      await tab.leave();
    }
    await last?.close(proxy);
  }

  for (const name of BROWSERS) {
    for (const worker of [false, true]) {
      describe(`${name}, client in the ${worker ? "worker" : "page"}`, () => {
        it("serves three tabs, a late one too, over one WebSocket; each hears of the end once", async () => {
          const id = newId();
          const job = await SyntheticJob.make(server.url, id, { progress: 10 });
          const tabs = await openTabs(name, 3, { worker });
          for (const tab of tabs) await tab.follow(id);
          await allShow(tabs, id, 10);
          const [late] = await openTabs(name, 1, { worker });
          await late.follow(id);
          const all = [...tabs, late];
          await allShow(all, id, 10);
          for (const tab of all) await tab.state("open");
          await job.set({ progress: 50 });
          await allShow(all, id, 50);
          await job.complete();
          for (const tab of all) {
            assert.equal((await tab.end(id)).status, "completed");
            assert.equal(await tab.count("completed"), 1);
            assertSound((await tab.seen()).jobs[id]);
          }
          const transports = await Promise.all(
            all.map(async (tab) => new Set((await tab.seen()).states.map(({ transport }) => transport))),
          );
          const other = [false, true];
          assert.deepEqual(
            transports.map((seen) => [seen.has("websocket"), seen.has("tab")]),
            [[true, false], other, other, other],
          );
          assert.equal(proxy.counters.upgrades, 1);
          await closeAll(all);
        });

        it("goes on in another tab when the one that leads dies without a word", async () => {
          const id = newId();
          const over = newId();
          const job = await SyntheticJob.make(server.url, id, { progress: 10 });
          const ended = await SyntheticJob.make(server.url, over, { progress: 10 });
          const [leader, ...tabs] = await openTabs(name, 3, { worker });
          for (const tab of [leader, ...tabs]) await tab.follow(id, over);
          await allShow([leader, ...tabs], over, 10);
          await ended.complete();
          for (const tab of tabs) await tab.end(over);
          await job.set({ progress: 20 });
          await allShow([leader, ...tabs], id, 20);

          await dieSilently(leader);
          await job.setSilently({ progress: 40 });
          /** @type {Promise<number>} */
          const died = new Promise((resolve) => proxy.events.once("close", () => resolve(Date.now())));
          const right = tabs.map((tab) => timeOf(tab, id, 40));
          await leader.leave();
          const took = (await Promise.all(right)).map(async (at) => at - (await died));
          // The newest one is in front: hidden ones are brought up to date when their timers run, once a second.
          const [hidden, shown] = await Promise.all(took);
          assert.ok(shown < TAKEOVER_MS && hidden < TAKEOVER_MS + HELD_BACK_MS, `${shown} and ${hidden} ms`);
          await job.complete();
          for (const tab of tabs) {
            await tab.end(id);
            assert.equal(await tab.count("completed"), 2);
            const { jobs } = await tab.seen();
            for (const one of [id, over]) assertSound(jobs[one]);
          }
          await closeAll(tabs);
        });
      });
    }

    describe(name, () => {
      it("sends for every tab, and answers the one that sent", async () => {
        const id = newId();
        await SyntheticJob.make(server.url, id, { progress: 10 });
        const tabs = await openTabs(name, 2);
        for (const tab of tabs) await tab.follow(id);
        await allShow(tabs, id, 10);
        const [, tab] = tabs;
        await tab.state("open");
        const sent = await tab.test.page.evaluate((jobId) => window.client.send("ping", { jobId }), id);
        assert.equal(sent, "sent");
        const state = await tab.test.page.evaluate(async (jobId) => {
          const { progress } = await window.client.job(jobId).refresh();
          const { subscriptions } = await window.client.inspect();
          return { progress, followers: subscriptions[0].followers };
        }, id);
        assert.deepEqual(state, { progress: 10, followers: 2 });
        await closeAll(tabs);
      });

      it("leaves nothing of what a tab that died had followed", async () => {
        const [shared, own] = [newId(), newId()];
        for (const id of [shared, own]) await SyntheticJob.make(server.url, id, { progress: 10 });
        const [leader, dying] = await openTabs(name, 2);
        await leader.follow(shared);
        await dying.follow(shared, own);
        await allShow([leader], shared, 10);
        await allShow([dying], own, 10);
        await until(proxy, () => proxy.counters.openWebSockets === 2);
        await dieSilently(dying);
        if (name === "chromium") await crash(dying);
        await dying.leave();
        await until(proxy, () => proxy.counters.openWebSockets === 1);
        const { subscriptions } = await leader.inspect();
        assert.deepEqual(subscriptions, [{ jobId: shared, servedBy: "socket", followers: 1 }]);
        await closeAll([leader]);
      });

      it("lets one tab disconnect and come back, whichever leads", async () => {
        const id = newId();
        const job = await SyntheticJob.make(server.url, id, { progress: 10 });
        const tabs = await openTabs(name, 2);
        for (const tab of tabs) await tab.follow(id);
        await allShow(tabs, id, 10);
        for (const [tab, other] of [tabs, [...tabs].reverse()]) {
          await tab.test.page.evaluate(() => window.client.disconnect());
          await tab.state("idle");
          const progress = other === tabs[1] ? 20 : 40;
          await job.set({ progress });
          await allShow([other], id, progress);
          await other.state("open");
          // Jobs are told a frame after the state of the connection, later in a hidden tab.
          await tab.until((job) => window.client.job(job).current.stale, id);
          assert.equal(
            await tab.test.page.evaluate((job) => window.client.job(job).current.progress, id),
            progress / 2,
          );
          await tab.test.page.evaluate(() => window.client.connect());
          await allShow(tabs, id, progress);
        }
        for (const tab of tabs) await tab.test.page.evaluate(() => window.client.disconnect());
        await until(proxy, () => proxy.counters.openWebSockets === 0);
        assert.equal(proxy.counters.upgrades, 1);
        await closeAll(tabs);
      });

      it("goes on in the tab one looks at while the page that leads stands still", async () => {
        const id = newId();
        const job = await SyntheticJob.make(server.url, id, { progress: 10 });
        const tabs = await openTabs(name, 2);
        const [leader, tab] = tabs;
        for (const one of tabs) await one.follow(id);
        await allShow(tabs, id, 10);
        await leader.test.page.evaluate((ms) => {
          setTimeout(() => {
            const end = performance.now() + ms;
            while (performance.now() < end);
            window.stoodStill = true;
          });
        }, STANDSTILL_MS);
        await tab.until(() => window.client.connection.current.transport === "websocket");
        await job.set({ progress: 30 });
        await allShow([tab], id, 30);
        await leader.until(() => window.stoodStill);
        await leader.until(() => window.client.connection.current.transport === "tab");
        await allShow(tabs, id, 30);
        await until(proxy, () => proxy.counters.openWebSockets === 1);
        await job.complete();
        for (const one of tabs) {
          await one.end(id);
          assert.equal(await one.count("completed"), 1);
        }
        await closeAll(tabs);
      });

      it("connects by itself in a frame whose origin nothing shares, and says so", async () => {
        const id = newId();
        await SyntheticJob.make(server.url, id, { progress: 10 });
        const sandbox = await servePages({
          headers: { "Access-Control-Allow-Origin": "*", "Content-Security-Policy": "sandbox allow-scripts" },
        });
        try {
          const tab = new Watcher(await openPage(await stage.browser(name), `${sandbox.url}/client.html`));
          await tab.begin({ url: proxy.url, shareAcrossTabs: true });
          await tab.follow(id);
          await allShow([tab], id, 10);
          const { logs } = await tab.seen();
          assert.deepEqual(
            logs.map(({ level, code }) => [level, code]),
            [["info", "tabs-unavailable"]],
          );
          await tab.close(proxy);
        } finally {
          await sandbox.close();
        }
      });

      it("serves three tabs over one connection of Socket.IO, channels and acknowledgements too", async () => {
        const tabs = await openTabs(name, 3, {
          protocol: "socket.io",
          namespace: "/jobs",
          subscribe: "subscribe_to_jobs",
          polling: { url: "/api/jobs/{id}", interval: 100 },
        });
        const [leader, ...others] = tabs;
        for (const tab of tabs) await tab.test.page.evaluate(joinPerformance);
        for (const tab of tabs)
          await tab.until(() => window.client.channel("/performance").connection.current.state === "open");
        const { id } = await upload(server.url);
        for (const tab of tabs) await tab.follow(id);

        const answer = await others[0]?.test.page.evaluate(async () => {
          const channel = window.client.channel("/performance");
          return (await channel.request("update_performance_control", { vocal_volume: 0.5 })).vocal_volume;
        });
        assert.equal(answer, 0.5);
        for (const tab of tabs) await tab.until(() => window.performanceStates?.at(-1)?.vocalVolume === 0.5);
        await Promise.all(
          tabs.map((tab) =>
            tab.until((job) => window.seen.jobs[job]?.some(({ status }) => status === "running"), id),
          ),
        );
        assert.equal(proxy.counters.upgrades, 1);
        assert.equal(proxy.counters.mostWebSockets, 1);

        await dieSilently(leader);
        await leader.leave();
        for (const tab of others) {
          assert.equal((await tab.end(id)).status, "completed");
          await tab.until(() => window.client.channel("/performance").connection.current.state === "open");
          assert.equal(await tab.count("job_completed"), 1);
          assertSound((await tab.seen()).jobs[id]);
        }
        await others[0]?.test.page.evaluate(() =>
          window.client.channel("/performance").send("playback_play"),
        );
        for (const tab of others) await tab.until(() => window.performanceStates?.at(-1)?.isPlaying === true);
        assert.equal(proxy.counters.upgrades, 2);
        await until(proxy, () => proxy.counters.openWebSockets === 1);
        await closeAll(others);
      });
    });
  }

  // Firefox keeps no page that holds a lock.
  it("hands the lead over when its page goes into the back/forward cache, and follows when it is back", async () => {
    const id = newId();
    const job = await SyntheticJob.make(server.url, id, { progress: 10 });
    const tabs = await openTabs("chromium", 2);
    const [leader, tab] = tabs;
    for (const one of tabs) await one.follow(id);
    await allShow(tabs, id, 10);
    await leader.test.page.evaluate(() => (window.kept = "kept"));
    await leader.test.page.goto(`${stage.pages}/elsewhere.html`);
    await job.set({ progress: 30 });
    await allShow([tab], id, 30);
    await tab.until(() => window.client.connection.current.transport === "websocket");
    await leader.test.page.goBack();
    const isKept = await leader.test.page.evaluate(() => window.kept === "kept");
    assert.ok(isKept, "the browser did not keep the page");
    await allShow([leader], id, 30);
    await leader.until(() => window.client.connection.current.transport === "tab");
    await job.complete();
    for (const one of tabs) {
      await one.end(id);
      assert.equal(await one.count("completed"), 1);
      assertSound((await one.seen()).jobs[id]);
    }
    const { states } = await leader.seen();
    assert.ok(states.some(({ state }) => state === "suspended"));
    await closeAll(tabs);
  });

  it("hands the lead over when the browser freezes its page", async () => {
    const id = newId();
    const job = await SyntheticJob.make(server.url, id, { progress: 10 });
    const tabs = await openTabs("chromium", 2);
    const [leader, tab] = tabs;
    for (const one of tabs) await one.follow(id);
    await allShow(tabs, id, 10);
    const session = await leader.test.page.createCDPSession();
    await session.send("Page.setWebLifecycleState", { state: "frozen" });
    await tab.until(() => window.client.connection.current.transport === "websocket");
    await job.set({ progress: 30 });
    await allShow([tab], id, 30);
    await session.send("Page.setWebLifecycleState", { state: "active" });
    await allShow(tabs, id, 30);
    await closeAll(tabs);
  });
});

/** Awaits that a job's bar is right in all tabs. @param {import("./stage.mjs").Watcher[]} tabs @param {string} id @param {number} progress */
const allShow = (tabs, id, progress) =>
  Promise.all(
    tabs.map((tab) =>
      tab.until(
        (job, wanted) => {
          const { progress, stale } = window.client.job(job).current;
          return progress === wanted && !stale;
        },
        id,
        progress,
      ),
    ),
  );

/** Runs in a page: notes what the performance's channel says. */
function joinPerformance() {
  const channel = window.client.channel("/performance");
  window.performanceStates = [];
  channel.on("performance_state", (/** @type {any} */ state) => window.performanceStates?.push(state));
  const join = () => channel.send("join_performance");
  channel.connection.subscribe((/** @type {any} */ { state }) => state === "open" && join());
}

/** Has a song separated, slowly. @param {string} url */
async function upload(url) {
  const answer = await fetch(`${url}/api/jobs?pace=200`, {
    method: "POST",
    headers: { "X-Filename": "song.wav" },
    body: new Blob([new Uint8Array(await readFile(SAMPLE))]),
  });
  assert.equal(answer.status, 202);
  return answer.json();
}

/** Ends the page's process. @param {import("./stage.mjs").Watcher} tab */
async function crash(tab) {
  const session = await tab.test.page.createCDPSession();
  // There is nobody left to answer.
  session.send("Page.crash").catch(() => {});
  await new Promise((resolve) => tab.test.page.once("error", resolve));
}

/** From now on the page's end is one without a goodbye, as a crash is. @param {import("./stage.mjs").Watcher} tab */
function dieSilently(tab) {
  return tab.test.page.evaluate(() => {
    // The client's listener comes behind this one.
    window.addEventListener("pagehide", (event) => event.stopImmediatePropagation(), true);
  });
}

/** When a job's bar became right. @param {import("./stage.mjs").Watcher} tab @param {string} id @param {number} wanted */
function timeOf(tab, id, wanted) {
  return tab.test.page.evaluate(
    (job, progress) =>
      new Promise((/** @type {(at: number) => void} */ resolve) => {
        window.client.job(job).subscribe((/** @type {any} */ now) => {
          if (now.progress === progress && !now.stale) resolve(Date.now());
        });
      }),
    id,
    wanted,
  );
}
