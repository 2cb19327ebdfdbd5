/** One page with a client for each of the five systems, while their servers are killed and restarted: all, or in turn. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { BROWSERS, useStage } from "./stage.mjs";
import { startFastapi } from "./support/backend.mjs";
import { hasWorkers } from "./support/browser.mjs";
import { SYSTEMS } from "./support/five.mjs";
import { FivePage } from "./support/five-page.mjs";

/** @typedef {import("./support/five.mjs").Running} Running */
/** @typedef {import("./support/five-page.mjs").Job} Job */
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

  /**
   * Every bar of a job that has ended is what its server says, and never went back.
   * @param {FivePage} page
   * @param {readonly Job[]} jobs
   */
  async function assertRight(page, jobs) {
    const bars = await page.bars();
    for (const { system, id } of jobs) {
      const { status, percent } = system.truth(await (await fetch(addressOf(system, id))).json());
      assert.deepEqual(last(bars, id), { percent, text: `${system.name}: ${status}, ${percent} %` });
      assert.equal(bars[id]?.filter(({ text }) => text.includes(": completed")).length, 1);
      assert.equal(await page.endsTold({ system, id }), 1, `the end at ${system.name} is told once`);
    }
    for (const steps of Object.values(bars)) assertNeverBack(steps);
  }

  /**
   * The bar of a job that its server has forgotten stays as it was.
   * @param {FivePage} page
   * @param {Job} job
   * @param {Record<string, Shown[]>} gone the bars while the server was away
   */
  async function assertHeld(page, { system, id }, gone) {
    assert.equal((await fetch(addressOf(system, id))).status, 404);
    assert.deepEqual(
      last(await page.bars(), id),
      last(gone, id),
      `the old bar of ${system.name} is not held`,
    );
  }

  for (const name of BROWSERS) {
    for (const worker of [false, true]) {
      describe(`in ${name}, clients in ${worker ? "workers" : "the page"}`, () => {
        const open = async () =>
          FivePage.open(await stage.browser(name), `${stage.pages}/five.html`, systems, { worker });

        it("has every bar right after all servers were killed and restarted", async () => {
          const page = await open();
          const jobs = await page.begin(systems, "slow");
          for (const job of jobs) await page.moves(job);
          assert.equal(hasWorkers(page.test.page), worker);

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

          await assertRight(page, [...remembered, ...others]);
          for (const job of forgotten) await assertHeld(page, job, gone);
          await page.close();
        });

        it("holds the bar of the one server that is killed, and moves the other four, for each in turn", async () => {
          const page = await open();
          for (const victim of systems) {
            const jobs = await page.begin(systems, "slow");
            for (const job of jobs) await page.moves(job);
            const others = jobs.filter(({ system }) => system !== victim);
            const [lost] = /** @type {[Job]} */ (jobs.filter(({ system }) => system === victim));

            const before = await page.noted();
            await victim.server.kill();
            await page.doubts(lost);
            const atLoss = await page.bars();
            await page.triesInVain(victim);
            for (const job of others) await page.movesOn(job, atLoss);
            const gone = await page.bars();
            assert.match(last(gone, lost.id).text, /: running, \d+ %, stale$/);
            assert.deepEqual(
              gone[lost.id],
              atLoss[lost.id],
              `the bar of ${victim.name} moved without its server`,
            );

            await victim.server.start();
            await page.comesBack(victim);
            const again = victim.remembers ? [lost] : await page.begin([victim], "quick");
            for (const job of [...others, ...again]) await page.completes(job);
            await assertRight(page, [...others, ...again]);
            if (!victim.remembers) await assertHeld(page, lost, gone);

            const { bars, states } = await page.noted();
            for (const { system, id } of others) {
              const steps = since(bars[id], before.bars[id]);
              assert.ok(!steps.some(({ text }) => text.endsWith(", stale")), JSON.stringify(steps));
              const told = since(states[system.name], before.states[system.name]).map(({ state }) => state);
              // Sockets of single jobs close at their ends.
              assert.deepEqual(
                told.filter((state) => state !== "open" && state !== "idle"),
                [],
                `${system.name} was disturbed by the end of ${victim.name}`,
              );
            }
          }
          await page.close();
        });
      });
    }
  }
});

/**
 * What was added to a list.
 * @template Item
 * @param {Item[]} [now]
 * @param {Item[]} [before]
 */
const since = (now = [], before = []) => now.slice(before.length);

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
