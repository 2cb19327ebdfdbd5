/** One page with a client for each of the five systems, while all of their servers are killed and restarted. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { BROWSERS, useStage } from "./stage.mjs";
import { startFastapi } from "./support/backend.mjs";
import { SYSTEMS } from "./support/five.mjs";
import { FivePage } from "./support/five-page.mjs";

/** @typedef {import("./support/five.mjs").Running} Running */
/** @typedef {import("./support/five-page.mjs").Shown} Shown */

describe("a page with all five systems", () => {
  const stage = useStage();
  /** Of Flask's and FastAPI's jobs, which outlive their web processes. @type {import("./support/backend.mjs").Backend} */
  let redis;
  /** @type {Running[]} */
  let systems = [];

  before(async () => {
    redis = await startFastapi({ only: "redis" });
    systems = await Promise.all(
      SYSTEMS.map(async (system) => ({ ...system, ...(await system.start(redis.url)) })),
    );
  });
  after(async () => {
    await Promise.all(systems.map((system) => system.close()));
    await redis?.kill();
  });

  for (const name of BROWSERS) {
    it(`has every bar right after all servers were killed and restarted, in ${name}`, async () => {
      const page = await FivePage.open(await stage.browser(name), `${stage.pages}/five.html`, systems);
      const jobs = await page.begin(systems, "slow");
      for (const job of jobs) await page.moves(job);

      await Promise.all(systems.map(({ server }) => server.kill()));
      for (const job of jobs) await page.doubts(job);
      const lost = await page.bars();
      for (const { system } of jobs) await page.triesInVain(system);
      const gone = await page.bars();
      for (const { system, id } of jobs) {
        assert.match(last(gone, id).text, /: running, \d+ %, stale$/);
        assert.deepEqual(gone[id], lost[id], `the bar of ${system.name} moved without its server`);
      }

      await Promise.all(systems.map(({ server }) => server.start()));
      for (const { system } of jobs) await page.comesBack(system);
      const remembered = jobs.filter(({ system }) => system.remembers);
      const forgotten = jobs.filter(({ system }) => !system.remembers);
      for (const job of remembered) await page.recovers(job);
      const others = await page.begin(
        forgotten.map(({ system }) => system),
        "quick",
      );
      for (const job of [...remembered, ...others]) await page.completes(job);

      const bars = await page.bars();
      for (const { system, id } of [...remembered, ...others]) {
        const { status, percent } = system.truth(await (await fetch(addressOf(system, id))).json());
        assert.deepEqual(last(bars, id), { percent, text: `${system.name}: ${status}, ${percent} %` });
        assert.equal(bars[id]?.filter(({ text }) => text.includes(": completed")).length, 1);
        assert.equal(await page.endsTold({ system, id }), 1, `the end at ${system.name} is told once`);
      }
      for (const { system, id } of forgotten) {
        assert.equal((await fetch(addressOf(system, id))).status, 404);
        assert.deepEqual(last(bars, id), last(gone, id), `the old bar of ${system.name} is not held`);
      }
      for (const steps of Object.values(bars)) assertNeverBack(steps);
      await page.close();
    });
  }
});

/** @param {Running} system @param {string} id */
const addressOf = ({ server, path }, id) => server.url + path(id);

/** @param {Record<string, Shown[]>} bars @param {string} id */
function last(bars, id) {
  const shown = bars[id]?.at(-1);
  assert.ok(shown, `there is no bar of ${id}`);
  return shown;
}

/** @param {Shown[]} steps */
function assertNeverBack(steps) {
  for (const [place, { percent }] of steps.entries()) {
    const before = steps[place - 1]?.percent;
    if (before !== undefined) assert.ok(percent !== undefined && percent >= before, JSON.stringify(steps));
  }
}
