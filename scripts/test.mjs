/** npm test [-- --only e2e,sim]: sets up what is missing, builds, runs every suite, and sums up. */
import { parseArgs } from "node:util";
import { build } from "./build.mjs";
import { selectSuites } from "./lib/suites.mjs";
import { setup } from "./setup.mjs";

/** @typedef {{ name: string, outcome: "passed" | "failed" | "left out", seconds: number, reason?: string }} Result */

/** @param {number} since */
const secondsSince = (since) => (performance.now() - since) / 1000;

function readOptions() {
  try {
    const { values } = parseArgs({ options: { only: { type: "string" }, sudo: { type: "boolean" } } });
    return selectSuites(values.only);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(2);
  }
}

/** @param {import("./lib/suites.mjs").Suite} suite */
async function passes(suite) {
  try {
    return await suite.run();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return false;
  }
}

/** @param {boolean} wanted */
async function packageBuilt(wanted) {
  if (!wanted) return true;
  try {
    await build((text) => console.log(`  ${text}`));
    return true;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return false;
  }
}

const started = performance.now();
const selected = readOptions();
console.log("── set-up");
const missing = await setup([...new Set(selected.flatMap((suite) => suite.needs))]);

console.log("\n── build");
const built = await packageBuilt(selected.some((suite) => suite.packaged));

/** @type {Result[]} */
const results = [];
for (const suite of selected) {
  console.log(`\n── ${suite.name}: ${suite.title}`);
  const begun = performance.now();
  const absent = missing.find(({ step }) => suite.leftOutWithout === step.id);
  if (absent) {
    results.push({ name: suite.name, outcome: "left out", seconds: 0, reason: absent.reason });
    console.log(`left out: ${absent.step.name} is not available (${absent.reason})`);
    continue;
  }
  if (suite.packaged && !built) console.error("The package could not be built: see above.");
  const passed = suite.packaged && !built ? false : await passes(suite);
  results.push({ name: suite.name, outcome: passed ? "passed" : "failed", seconds: secondsSince(begun) });
  console.log(`── ${suite.name} ${passed ? "passed" : "FAILED"} in ${secondsSince(begun).toFixed(1)} s`);
}

console.log("\n── summary");
for (const { name, outcome, seconds, reason } of results) {
  console.log(
    `${name.padEnd(14)} ${outcome.padEnd(9)} ${seconds.toFixed(1).padStart(7)} s${reason ? `  ${reason}` : ""}`,
  );
}
console.log(`all in ${secondsSince(started).toFixed(1)} s`);
const failed = results.filter(({ outcome }) => outcome === "failed").length;
const passed = results.filter(({ outcome }) => outcome === "passed").length;
console.log(`${passed} passed, ${failed} failed`);
if (failed > 0) process.exitCode = 1;
