/**
 * npm run bench:ends: 100, 1,000 and 10,000 jobs that end in one frame of a socket, each with a subscriber: how long the
 * page's main thread is busy. What counts is that ten times as many take about ten times as long.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "../scripts/build.mjs";
import { pkgDir, targetDir } from "../scripts/lib/paths.mjs";
import { launch, machine, Probe } from "./lib/chromium.mjs";
import { fixed, median, table } from "./lib/figures.mjs";
import { serveSite } from "./lib/site.mjs";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "5" }, pkg: { type: "string" } },
});
const rounds = Number(values.rounds);
const SIZES = [100, 1000, 10_000];

/** @typedef {import("./pages/ends.mjs").EndsWay} EndsWay */
/** @type {Record<EndsWay, string>} */
const WAYS = { broadcast: "broadcast", stream: "stream, one socket for all" };

/** What runs in the page. */
const inPage = {
  /** @param {EndsWay} way @param {number} jobs */
  follow: (way, jobs) => /** @type {any} */ (globalThis).ends.follow(way, jobs),
  /** @returns {Promise<{ took: number, ended: number }>} */
  end: () => /** @type {any} */ (globalThis).ends.end(),
};

/**
 * CPU time of the main thread until two frames later, ms, and how long (by the clock) the frame kept the page busy, ms.
 * @param {import("puppeteer-core").Browser} browser
 * @param {string} site
 * @param {EndsWay} way
 * @param {number} jobs
 */
async function measure(browser, site, way, jobs) {
  const probe = await Probe.open(browser, `${site}/ends.html`);
  try {
    await probe.test.eventually(() => "ends" in globalThis);
    await probe.page.evaluate(inPage.follow, way, jobs);
    await probe.collectGarbage();
    const { task, value } = await probe.during(() => probe.page.evaluate(inPage.end));
    if (value.ended !== jobs) throw new Error(`${way}: ${value.ended} of ${jobs} jobs have ended`);
    return { cpu: task, took: value.took };
  } finally {
    await probe.close();
  }
}

if (!values.pkg) await build((text) => console.log(`  ${text}`));
const site = await serveSite({ pkg: values.pkg ?? pkgDir });
const browser = await launch();
try {
  const where = await machine(browser);
  console.log(`${where.browser}, ${where.cores} cores, ${where.date}; medians of ${rounds}\n`);
  const results = [];
  for (const way of /** @type {EndsWay[]} */ (Object.keys(WAYS)))
    for (const jobs of SIZES) {
      const measured = [];
      for (let round = 0; round < rounds; round++) measured.push(await measure(browser, site.url, way, jobs));
      const cpuMs = median(measured.map(({ cpu }) => cpu));
      const busyMs = median(measured.map(({ took }) => took));
      results.push({ way, jobs, cpuMs, busyMs });
    }
  const cost = (/** @type {{ cpuMs: number, jobs: number } | undefined} */ one) =>
    one ? (one.cpuMs * 1000) / one.jobs : NaN;
  const middle = (/** @type {EndsWay} */ way) =>
    cost(results.find((one) => one.way === way && one.jobs === 1000));
  console.log(
    table(
      ["ends in one frame", "jobs", "busy, ms", "CPU, ms", "µs of CPU a job", "÷ 1,000 jobs"],
      results.map((one) => [
        WAYS[one.way],
        one.jobs,
        fixed(one.busyMs, 1),
        fixed(one.cpuMs, 1),
        fixed(cost(one), 1),
        fixed(cost(one) / middle(one.way), 2),
      ]),
    ),
  );
  mkdirSync(targetDir, { recursive: true });
  const report = { machine: where, results };
  writeFileSync(join(targetDir, "ends.json"), `${JSON.stringify(report, undefined, 2)}\n`);
} finally {
  await browser.close();
  await site.close();
}
