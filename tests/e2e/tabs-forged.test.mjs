/** A page of the same origin that floods the tabs' channel with forgeries, while two tabs follow a job to its end. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, beforeEach, describe, it } from "node:test";
import { pkgDir } from "../../scripts/lib/paths.mjs";
import { assertSound, BROWSERS, FAST_HEARTBEAT, SyntheticJob, useStage } from "./stage.mjs";
import { startEmbeddedServer } from "./support/backend.mjs";
import { openPage } from "./support/browser.mjs";

/** Of the forgeries; another one makes others: `JOBWIRE_FORGERY_SEED=7`. */
const SEED = Number(process.env.JOBWIRE_FORGERY_SEED ?? 1);
/** How many there are at least before the job goes on, and before it ends. */
const FORGERIES = 2000;

/** Pages that read forgeries all the time on a slow machine may be late for a heartbeat that is watched closely. */
const PATIENT = { heartbeat: { interval: 10_000, timeout: 10_000 } };

describe(`tabs beside a page that forges messages (seed ${SEED})`, () => {
  const stage = useStage();
  /** @type {import("./support/backend.mjs").Backend} */
  let server;
  /** @type {import("./stage.mjs").FaultProxy} */
  let proxy;

  /** Of the package, which the channel's messages begin with. @type {string} */
  let version;

  before(async () => {
    ({ version } = JSON.parse(await readFile(join(pkgDir, "package.json"), "utf8")));
    server = await startEmbeddedServer({ env: FAST_HEARTBEAT });
  });
  beforeEach(async () => {
    proxy = await stage.proxy(server.url);
  });
  after(() => server.kill());

  for (const name of BROWSERS) {
    it(`${name}: the leader goes on leading, the other tab following, and the next one takes over`, async () => {
      const id = `forged-${name}`;
      const job = await SyntheticJob.make(server.url, id, { progress: 10 });
      const tabs = [];
      while (tabs.length < 2) {
        const tab = await stage.watch(name, { url: proxy.url, shareAcrossTabs: true, ...PATIENT });
        await tab.test.page.evaluate(() => window.client.ready);
        await tab.follow(id);
        await shows(tab, id, 10);
        tabs.push(tab);
      }
      const [leader, tab] = tabs;
      await tab.until(() => window.client.connection.current.transport === "tab");

      const intruder = await openPage(await stage.browser(name), `${stage.pages}/elsewhere.html`);
      try {
        await intruder.page.evaluate(forge, SEED, version);
        await sent(intruder, FORGERIES);
        await job.set({ progress: 30 });
        for (const one of tabs) await shows(one, id, 30);
        assert.equal(await transport(leader), "websocket");
        assert.equal(await transport(tab), "tab");
        assert.equal(proxy.counters.upgrades, 1);

        // What was claimed before has not spoiled the next leader's number.
        await leader.leave();
        await tab.until(() => window.client.connection.current.transport === "websocket");
        await job.set({ progress: 60 });
        await shows(tab, id, 60);
        const late = await stage.watch(name, { url: proxy.url, shareAcrossTabs: true, ...PATIENT });
        await late.follow(id);
        await shows(late, id, 60);
        assert.equal(await transport(late), "tab");

        await sent(intruder, 2 * FORGERIES);
        await job.complete();
        for (const one of [tab, late]) {
          assert.equal((await one.end(id)).status, "completed");
          assert.equal(await one.count("completed"), 1);
          assertSound((await one.seen()).jobs[id]);
          assert.deepEqual(one.test.errors, []);
        }
        const { logs } = await tab.seen();
        assert.ok(logs.some(({ code }) => code === "tabs-dropped"));
        assert.ok(logs.filter(({ code }) => code === "tabs-dropped").length < 10, "each forgery is logged");
        assert.equal(proxy.counters.upgrades, 2);
        await late.leave();
        await tab.close(proxy);
      } finally {
        await intruder.close();
      }
    });
  }
});

/** @param {import("./stage.mjs").Watcher} tab @param {string} id @param {number} progress */
const shows = (tab, id, progress) =>
  tab.until(
    (job, wanted) => {
      const { progress, stale } = window.client.job(job).current;
      return progress === wanted && !stale;
    },
    id,
    progress,
  );

/** @param {import("./stage.mjs").Watcher} tab */
const transport = (tab) => tab.test.page.evaluate(() => window.client.connection.current.transport);

/** Awaits that so many forgeries were posted. @param {import("./support/browser.mjs").TestPage} page @param {number} count */
const sent = (page, count) => page.eventually((wanted) => window.forged >= wanted, { polling: 25 }, count);

/**
 * Runs in the page that forges: finds the channel by its lock, listens to it, and posts, without end, what no tab may
 * believe: values at random, and what it has read with one part of it changed.
 * @param {number} seed
 * @param {string} version
 */
async function forge(seed, version) {
  let state = seed;
  /** Mulberry32. */
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (/** @type {number} */ end) => Math.floor(random() * end);
  const pick = (/** @type {any[]} */ list) => list[below(list.length)];

  const { held = [] } = await navigator.locks.query();
  const name = held.map((lock) => lock.name ?? "").find((lock) => /^jobwire:[0-9a-f]+$/.test(lock)) ?? "";
  const channel = new BroadcastChannel(name);
  /** @type {any[][]} */
  const read = [];
  channel.onmessage = ({ data }) => {
    if (read.push(data) > 200) read.shift();
  };
  const odd = () =>
    pick([
      Infinity,
      -Infinity,
      NaN,
      -1,
      0.5,
      2 ** 60,
      "9",
      null,
      undefined,
      {},
      [],
      true,
      "x".repeat(10_000),
      99,
    ]);
  /** @type {(depth: number) => unknown} */
  const value = (depth) =>
    depth && random() < 0.5 ? Array.from({ length: below(6) }, () => value(depth - 1)) : odd();
  const claim = () => pick([1, Date.now(), Date.now() + 1, Date.now() + 1e9, Number.MAX_SAFE_INTEGER]);
  const secret = () => [pick([6, 12, 13, 15, 16, 17, 25, 1e9]), 1, "forged"];
  const job = (/** @type {string} */ id) => [1, 0, JSON.stringify([0, id, 3, 100, 1, 1, 0, 0]).slice(0, -1)];

  /** @type {(() => unknown)[]} */
  const forgeries = [
    () => value(3),
    () => [version, value(2), value(2), value(2), value(2)],
    () => [version, 0, odd()],
    () => [version, 0, claim()],
    () => [version, 1],
    () => [
      version,
      2,
      claim(),
      crypto.randomUUID(),
      [
        [4, 1],
        [0, 0, "forged"],
      ],
    ],
    () => [version, 3, claim(), "", [job("forged")]],
    () => new Array(2 ** 32 - 1),
    // What was read, one part of it changed.
    () => {
      const [first, word, leader, tab, list] = pick(read) ?? [version, 0, 1];
      return pick([
        [pick(["0.0.0", odd()]), word, leader, tab, list],
        [first, word, odd(), tab, list],
        [first, word, leader + 1, tab, list],
        [first, word, leader, odd(), list],
        [first, word, leader, tab, odd()],
        [
          first,
          2,
          leader,
          crypto.randomUUID(),
          [
            [4, 1],
            [0, 0, "forged"],
            [9, 1, "forged"],
          ],
        ],
        [first, 2, leader, tab, [...(list ?? []), secret()]],
        [first, 3, leader, tab, [...(list ?? []), [pick([2, 3]), 1, true]]],
        [first, 3, leader, "", [job(pick(["forged", ""]))]],
      ]);
    },
  ];

  window.forged = 0;
  setInterval(() => {
    for (let i = 0; i < 20; i++) channel.postMessage(pick(forgeries)());
    window.forged += 20;
  }, 10);
}
