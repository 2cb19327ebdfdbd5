/**
 * Gets a machine ready, each thing once. Runs before `npm install`, so it uses nothing but Node.js.
 * npm run setup [-- start|check|test] [--sudo]
 */
import { pathToFileURL } from "node:url";
import { SUDO_FLAG } from "./lib/debian.mjs";
import { explain, perform } from "./lib/perform.mjs";
import { START, steps, stepsFor } from "./lib/steps.mjs";

/** @type {Record<string, readonly string[]>} */
const GROUPS = {
  start: START,
  check: [...START, "chromium"],
  test: steps.map((step) => step.id),
};

/**
 * Makes sure the steps are done, or ends the process with the remedies.
 * @param {readonly string[]} ids
 * @returns {Promise<import("./lib/perform.mjs").Problem[]>} optional things that could not be had
 */
export async function setup(ids) {
  const started = performance.now();
  const { failed, leftOut } = await perform(stepsFor(ids));
  for (const problem of leftOut) console.log(`left out, as ${explain(problem)}`);
  if (failed.length > 0) {
    for (const problem of failed.filter(({ follows }) => !follows)) console.error(explain(problem));
    process.exit(1);
  }
  console.log(`set-up complete (${((performance.now() - started) / 1000).toFixed(1)} s)`);
  return leftOut;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const group = process.argv.slice(2).find((argument) => argument !== SUDO_FLAG) ?? "start";
  const ids = GROUPS[group];
  if (!ids) {
    console.error(`There is no group "${group}": use one of ${Object.keys(GROUPS).join(", ")}.`);
    process.exit(2);
  }
  await setup(ids);
}
