/** Goes through set-up steps: looks before it installs, shows progress, names the remedy. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheDir } from "./paths.mjs";
import { aptInstall, canInstallPackages, packagesRemedy, rightsHere } from "./debian.mjs";

const HEARTBEAT_MS = 10_000;
const MAX_LINE = 90;
const NOT_ALLOWED = "packages are installed with apt-get only, by root or where sudo was asked for";

/**
 * @typedef {import("./steps.mjs").Step} Step
 * @typedef {import("./debian.mjs").Rights} Rights
 * @typedef {{ reason: string, refused?: readonly string[] }} Failure `refused`: packages that may not be installed
 * @typedef {{ step: Step, reason: string, follows: boolean, remedy: string }} Problem `follows`: only from another one
 * @typedef {{ print: (text: string) => void, logFolder: string, rights: Rights }} Context
 */

/** @param {number} since */
const seconds = (since) => ((performance.now() - since) / 1000).toFixed(1);

/**
 * @param {readonly Step[]} steps
 * @param {Partial<Context>} [options]
 * @returns {Promise<{ failed: Problem[], leftOut: Problem[] }>}
 */
export async function perform(
  steps,
  { print = console.log, logFolder = join(cacheDir, "log"), rights = rightsHere() } = {},
) {
  /** @type {Problem[]} */
  const failed = [];
  /** @type {Problem[]} */
  const leftOut = [];
  for (const [index, step] of steps.entries()) {
    const label = `[${index + 1}/${steps.length}] ${step.name} …`;
    const failure = await performOne(step, label, failed, { print, logFolder, rights });
    if (!failure) continue;
    const follows = cause(step, failed) !== undefined;
    const remedy = packagesRemedy(failure.refused ?? [], rights) ?? step.remedy;
    (step.optional ? leftOut : failed).push({ step, reason: failure.reason, follows, remedy });
  }
  return { failed, leftOut };
}

/** @param {Step} step @param {readonly Problem[]} failed */
const cause = (step, failed) => failed.find((problem) => step.needs?.includes(problem.step.id));

/**
 * @param {Step} step
 * @param {string} label
 * @param {readonly Problem[]} failed
 * @param {Context} context
 * @returns {Promise<Failure | undefined>} why it is not there
 */
async function performOne(step, label, failed, context) {
  const { print, rights } = context;
  const started = performance.now();
  const missing = cause(step, failed);
  if (missing) {
    print(`${label} not tried`);
    return { reason: `it needs ${missing.step.name}` };
  }
  try {
    const found = step.detect();
    if (found) {
      print(`${label} found: ${found} (${seconds(started)} s)`);
      return undefined;
    }
  } catch (error) {
    print(`${label} wrong setting`);
    return { reason: error instanceof Error ? error.message : String(error) };
  }
  if (!step.install && !(step.packages && canInstallPackages(rights))) {
    print(`${label} missing`);
    return { reason: step.packages ? NOT_ALLOWED : "it was not found", refused: step.packages };
  }
  print(`${label} installing${step.duration ? ` (${step.duration})` : ""}`);
  return install(step, started, context);
}

/**
 * @param {Step} step
 * @param {number} started
 * @param {Context} context
 * @returns {Promise<Failure | undefined>}
 */
async function install(step, started, { print, logFolder, rights }) {
  const log = join(logFolder, `${step.id}.log`);
  mkdirSync(logFolder, { recursive: true });
  writeFileSync(log, "");
  let last = "";
  /** @type {string[]} */
  const refused = [];
  const heartbeat = setInterval(() => {
    print(`      ${Math.round(Number(seconds(started)))} s: ${last.slice(0, MAX_LINE)}`);
  }, HEARTBEAT_MS);
  /** @param {string} line */
  const onLine = (line) => {
    last = line;
  };
  try {
    const apt = async (/** @type {readonly string[]} */ packages) => {
      if (!canInstallPackages(rights)) refused.push(...packages);
      return aptInstall(packages, { log, onLine }, rights);
    };
    const say = (/** @type {string} */ text) => print(`      ${text}`);
    const done = step.packages
      ? await apt(step.packages)
      : await step.install?.({ log, onLine, say, aptInstall: apt });
    if (done && step.detect()) {
      print(`      installed in ${seconds(started)} s`);
      return undefined;
    }
  } catch (error) {
    last = error instanceof Error ? error.message : String(error);
  } finally {
    clearInterval(heartbeat);
  }
  print(`      not installed (${seconds(started)} s)`);
  const reason = refused.length > 0 ? NOT_ALLOWED : last.slice(0, 200) || "it could not be installed";
  return { reason: `${reason}; log: ${log}`, refused };
}

/**
 * One sentence on what is missing, one on what to do.
 * @param {Problem} problem
 */
export function explain({ step, reason, remedy }) {
  return `not available: ${step.name} (${reason})\n  → ${remedy}`;
}
