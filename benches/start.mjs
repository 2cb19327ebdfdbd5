/**
 * npm run bench:start: what a client costs the page until its first socket is made, in a page that has loaded nothing of
 * it but index.js: the main thread's CPU time, and its longest task. `--pkg before=<folder>` measures another build, too.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "../scripts/build.mjs";
import { pkgDir, targetDir } from "../scripts/lib/paths.mjs";
import { tasksDuring } from "../tests/e2e/support/tasks.mjs";
import { launch, machine, Probe } from "./lib/chromium.mjs";
import { fixed, median, table } from "./lib/figures.mjs";
import { serveSite } from "./lib/site.mjs";

/** @typedef {import("./pages/start.mjs").Source} Source */

/** Most that a start should take, by how much slower than this machine the processor is. */
const GOALS = /** @type {Record<number, { cpuMs: number, longestMs?: number }>} */ ({
  1: { cpuMs: 25 },
  4: { cpuMs: 60, longestMs: 50 },
});
const PROTOCOLS = ["stream", "broadcast", "socket.io"];
const SOURCES = /** @type {readonly Source[]} */ (["inline", "streamed"]);

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "7" }, pkg: { type: "string", multiple: true, default: [] } },
});
const rounds = Number(values.rounds);

/** What runs in the page. @param {string} protocol @param {Source} source @returns {Promise<number>} */
const run = (protocol, source) => /** @type {any} */ (globalThis).start.run(protocol, source);

/** @typedef {{ protocol: string, source: Source, slowdown: number }} Case */

/**
 * A browser of its own for each: nothing of the client is in a cache.
 * @param {string} site
 * @param {Case} one
 * @param {(probe: Probe) => Promise<Value>} measure
 * @template Value
 */
async function inFreshPage(site, { slowdown }, measure) {
  const browser = await launch();
  try {
    const probe = await Probe.open(browser, `${site}/start.html`);
    await probe.test.eventually(() => "start" in globalThis);
    await probe.collectGarbage();
    await probe.cdp.send("Emulation.setCPUThrottlingRate", { rate: slowdown });
    return await measure(probe);
  } finally {
    await browser.close();
  }
}

/**
 * @param {string} site
 * @param {Case} one
 */
async function measureStart(site, one) {
  const spent = await inFreshPage(site, one, async (probe) => {
    const { task, value } = await probe.during(() => probe.page.evaluate(run, one.protocol, one.source));
    return { cpuMs: task, tookMs: value };
  });
  // In a page of its own: a browser that traces has more to do.
  const tasks = await inFreshPage(site, one, (probe) =>
    tasksDuring(probe.page, async () => void (await probe.page.evaluate(run, one.protocol, one.source))),
  );
  return { ...spent, longestMs: Math.max(0, ...tasks.map(({ ms }) => ms)) };
}

await build((text) => console.log(`  ${text}`));
const builds = [
  ...values.pkg.map((given) => {
    const at = given.indexOf("=");
    return { name: at < 0 ? given : given.slice(0, at), pkg: given.slice(at + 1) };
  }),
  { name: "this build", pkg: pkgDir },
];
const results = [];
const browser = await launch();
const where = await machine(browser);
await browser.close();
console.log(`${where.browser}, ${where.cores} cores, ${where.date}; medians of ${rounds}\n`);
for (const { name, pkg } of builds) {
  const site = await serveSite({ pkg });
  try {
    for (const protocol of PROTOCOLS)
      for (const source of SOURCES)
        for (const slowdown of [1, 4]) {
          const measured = [];
          for (let round = 0; round < rounds; round++)
            measured.push(await measureStart(site.url, { protocol, source, slowdown }));
          const middle = (/** @type {"cpuMs" | "tookMs" | "longestMs"} */ what) =>
            median(measured.map((one) => one[what]));
          const [cpuMs, tookMs, longestMs] = [middle("cpuMs"), middle("tookMs"), middle("longestMs")];
          results.push({ build: name, protocol, source, slowdown, cpuMs, tookMs, longestMs });
        }
  } finally {
    await site.close();
  }
}
console.log(
  table(
    ["build, protocol, wasm", "CPU", "main thread, ms", "longest task, ms", "to the first socket, ms"],
    results.map((one) => [
      `${one.build}, ${one.protocol}, ${one.source}`,
      `${one.slowdown}×`,
      fixed(one.cpuMs, 1),
      fixed(one.longestMs, 1),
      fixed(one.tookMs, 1),
    ]),
  ),
);
const misses = results.flatMap((one) => {
  const goal = GOALS[one.slowdown];
  const what = `${one.protocol}, ${one.source}, ${one.slowdown}×`;
  if (one.build !== "this build" || !goal) return [];
  return [
    ...(one.cpuMs > goal.cpuMs
      ? [`${what}: ${fixed(one.cpuMs, 1)} ms of the main thread, goal ${goal.cpuMs}`]
      : []),
    ...(goal.longestMs && one.longestMs > goal.longestMs
      ? [`${what}: a task of ${fixed(one.longestMs, 1)} ms, goal ${goal.longestMs}`]
      : []),
  ];
});
console.log();
for (const miss of misses) console.log(`miss: ${miss}`);
if (misses.length === 0) console.log("every goal is met");
mkdirSync(targetDir, { recursive: true });
writeFileSync(
  join(targetDir, "start.json"),
  `${JSON.stringify({ machine: where, rounds, results, misses }, undefined, 2)}\n`,
);
