/** The receive path alone: every side in the same page, turn by turn. */
import { writeFileSync } from "node:fs";
import { Probe } from "./chromium.mjs";
import { fixed, median, table } from "./figures.mjs";

const EVENTS = 20_000;
const WARM_UP = 3;
const SIDES = ["counter", "zod", "zod-told", "jobwire-stored", "jobwire"];

/**
 * @typedef {object} Variant
 * @property {string} name
 * @property {{ size: number, binary: boolean }} frames
 * @property {{ perTask: number, pause: number }} feeding
 * @property {number} [goal] highest ratio to zod
 */

/** @type {readonly Variant[]} */
const VARIANTS = [
  {
    name: "text, 200 frames a task",
    frames: { size: 1, binary: false },
    feeding: { perTask: 200, pause: 0 },
    goal: 0.7,
  },
  {
    name: "text, 1 frame a task",
    frames: { size: 1, binary: false },
    feeding: { perTask: 1, pause: 0 },
    goal: 0.7,
  },
  {
    name: "text, 400 frames every 4 ms",
    frames: { size: 1, binary: false },
    feeding: { perTask: 400, pause: 4 },
  },
  {
    name: "text, arrays of 100",
    frames: { size: 100, binary: false },
    feeding: { perTask: 1, pause: 0 },
    goal: 0.7,
  },
  {
    name: "text, arrays of 100, 4 every 4 ms",
    frames: { size: 100, binary: false },
    feeding: { perTask: 4, pause: 4 },
  },
  {
    name: "binary, 200 frames a task",
    frames: { size: 1, binary: true },
    feeding: { perTask: 200, pause: 0 },
    goal: 0.4,
  },
  {
    name: "binary, arrays of 100",
    frames: { size: 100, binary: true },
    feeding: { perTask: 1, pause: 0 },
    goal: 0.4,
  },
];

/**
 * @typedef {{ name: string, goal: number | undefined, perEvent: Record<string, number>, ratio: number,
 *   ratioTold: number, ratioStored: number }} MicroResult
 */

/** Functions of the page's own, as the browser sees them. */
const inPage = {
  /** @param {readonly string[]} names @param {number} rounds @param {number} events */
  setUp: (names, rounds, events) => /** @type {any} */ (globalThis).micro.setUp(names, rounds, events),
  /** @param {string} name @param {unknown} frames */
  prepare: (name, frames) => /** @type {any} */ (globalThis).micro.prepare(name, frames),
  /** @param {string} name @param {unknown} feeding */
  run: (name, feeding) => /** @type {any} */ (globalThis).micro.run(name, feeding),
  /** @param {string} name */
  check: (name) => /** @type {any} */ (globalThis).micro.check(name),
};

/**
 * @param {import("puppeteer-core").Browser} browser
 * @param {string} site
 * @param {{ rounds: number, profile?: string | undefined }} options `profile`: file for a CPU profile of the client's
 *   rounds of the first variant
 */
export async function measureMicro(browser, site, { rounds, profile }) {
  /** @type {MicroResult[]} */
  const results = [];
  for (const [place, variant] of VARIANTS.entries()) {
    const probe = await Probe.open(browser, `${site}/micro.html`);
    await probe.test.eventually(() => "micro" in globalThis);
    const planned = rounds + WARM_UP + 1;
    await probe.page.evaluate(inPage.setUp, SIDES, planned, EVENTS);
    /** @type {Record<string, number[]>} */
    const spent = Object.fromEntries(SIDES.map((side) => [side, []]));
    for (let round = -WARM_UP; round < rounds; round += 1) {
      for (let turn = 0; turn < SIDES.length; turn += 1) {
        const side = /** @type {string} */ (SIDES[(turn + round + WARM_UP) % SIDES.length]);
        const { task } = await oneRound(probe, side, variant);
        if (round >= 0) spent[side]?.push((task * 1000) / EVENTS);
      }
    }
    if (profile && place === 0) await recordProfile(probe, variant, profile);
    for (const side of SIDES) await probe.page.evaluate(inPage.check, side);
    await probe.close();
    results.push(resultOf(variant, spent));
  }
  return results;
}

/** @param {Probe} probe @param {string} side @param {Variant} variant */
async function oneRound(probe, side, { frames, feeding }) {
  await probe.page.evaluate(inPage.prepare, side, frames);
  await probe.collectGarbage();
  return probe.during(() => probe.page.evaluate(inPage.run, side, feeding));
}

/** @param {Probe} probe @param {Variant} variant @param {string} file */
async function recordProfile(probe, variant, file) {
  await probe.page.evaluate(inPage.prepare, "jobwire", variant.frames);
  await probe.cdp.send("Profiler.enable");
  await probe.cdp.send("Profiler.setSamplingInterval", { interval: 100 });
  await probe.cdp.send("Profiler.start");
  await probe.page.evaluate(inPage.run, "jobwire", variant.feeding);
  const { profile } = await probe.cdp.send("Profiler.stop");
  await probe.cdp.send("Profiler.disable");
  writeFileSync(file, JSON.stringify(profile));
}

/** @param {Variant} variant @param {Record<string, number[]>} spent @returns {MicroResult} */
function resultOf({ name, goal }, spent) {
  const gross = (/** @type {string} */ side) => median(spent[side] ?? []);
  const idle = gross("counter");
  const net = (/** @type {string} */ side) => gross(side) - idle;
  return {
    name,
    goal,
    perEvent: Object.fromEntries(SIDES.map((side) => [side, side === "counter" ? idle : net(side)])),
    ratio: net("jobwire") / net("zod"),
    ratioTold: net("jobwire") / net("zod-told"),
    ratioStored: net("jobwire-stored") / net("zod"),
  };
}

/** @param {readonly MicroResult[]} results */
export const microTable = (results) =>
  table(
    ["frames", ...SIDES, "stored/zod", "jobwire/zod", "jobwire/zod-told", "goal"],
    results.map(({ name, goal, perEvent, ratio, ratioTold, ratioStored }) => [
      name,
      ...SIDES.map((side) => fixed(perEvent[side] ?? 0)),
      fixed(ratioStored),
      fixed(ratio),
      fixed(ratioTold),
      goal === undefined ? "" : `≤ ${goal}`,
    ]),
  );

/** @param {readonly MicroResult[]} results */
export const microMisses = (results) =>
  results
    .filter(({ ratio, goal }) => goal !== undefined && ratio > goal)
    .map(
      ({ name, ratio, goal }) => `${name}: ${fixed(ratio)}× of JSON.parse + zod + Map, the goal is ${goal}×`,
    );
