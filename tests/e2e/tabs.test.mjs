/** One connection for all tabs of an origin: real browsers, the embedded server, and tabs that come, go and die. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { assertSound, BROWSERS, FAST_HEARTBEAT, SyntheticJob, useStage } from "./stage.mjs";
import { startEmbeddedServer } from "./support/backend.mjs";

/** Within so many ms of the leader's end every bar has to be right again. */
const TAKEOVER_MS = 1000;
/** By how much browsers hold back the timers of hidden pages. */
const HELD_BACK_MS = 1000;

let jobs = 0;
const newId = () => `tabs-${++jobs}`;

describe("one connection for all tabs", () => {
  const stage = useStage();
  /** @type {import("./support/backend.mjs").Backend} */
  let server;
  /** One for each test: what is at another address is not shared with. @type {import("./stage.mjs").FaultProxy} */
  let proxy;

  before(async () => {
    server = await startEmbeddedServer({ env: FAST_HEARTBEAT });
  });
  beforeEach(async () => {
    proxy = await stage.proxy(server.url);
  });
  after(() => server.kill());

  for (const name of BROWSERS) {
    for (const worker of [false, true]) {
      describe(`${name}, client in the ${worker ? "worker" : "page"}`, () => {
        /** Opens tabs one after the other, so that the first one leads. @param {number} count @param {object} [options] */
        async function openTabs(count, options) {
          const tabs = [];
          while (tabs.length < count) {
            const tab = await stage.watch(name, {
              url: proxy.url,
              worker,
              shareAcrossTabs: true,
              ...options,
            });
            await tab.test.page.evaluate(() => window.client.ready);
            tabs.push(tab);
          }
          return tabs;
        }

        /** @param {import("./stage.mjs").Watcher[]} tabs @param {string} id @param {number} progress */
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

        it("serves three tabs, a late one too, over one WebSocket; each hears of the end once", async () => {
          const id = newId();
          const job = await SyntheticJob.make(server.url, id, { progress: 10 });
          const tabs = await openTabs(3);
          for (const tab of tabs) await tab.follow(id);
          await allShow(tabs, id, 10);
          const [late] = await openTabs(1);
          await late.follow(id);
          await allShow([late], id, 10);
          const all = [...tabs, late];
          for (const tab of all) await tab.state("open");
          assert.equal(proxy.counters.upgrades, 1);
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
          assert.deepEqual(
            transports.map((seen) => [seen.has("websocket"), seen.has("tab")]),
            [
              [true, false],
              [false, true],
              [false, true],
              [false, true],
            ],
          );
          assert.equal(proxy.counters.upgrades, 1);
          for (const tab of all.slice(1)) await tab.leave();
          await all[0].close(proxy);
        });

        it("goes on in another tab when the one that leads dies without a word", async () => {
          const id = newId();
          const over = newId();
          const job = await SyntheticJob.make(server.url, id, { progress: 10 });
          const [leader, ...tabs] = await openTabs(3);
          for (const tab of [leader, ...tabs]) await tab.follow(id, over);
          const ended = await SyntheticJob.make(server.url, over, { progress: 10 });
          await ended.complete();
          await allShow([leader, ...tabs], id, 10);
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
          assert.equal(proxy.counters.mostWebSockets, 2);
          for (const tab of tabs.slice(1)) await tab.leave();
          await tabs[0].close(proxy);
        });
      });
    }
  }
});

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
