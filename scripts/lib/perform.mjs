/** Goes through set-up steps: looks before it installs, shows progress, names the remedy. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheDir } from "./paths.mjs";
import { aptInstall, canInstallPackages } from "./debian.mjs";

const HEARTBEAT_MS = 10_000;
const MAX_LINE = 90;

/**
 * @typedef {import("./steps.mjs").Step} Step
 * @typedef {{ step: Step, reason: string, follows: boolean }} Problem `follows`: only from another problem
 */

/** @param {number} since */
const seconds = (since) => ((performance.now() - since) / 1000).toFixed(1);

/**
 * @param {readonly Step[]} steps
 * @param {{ print?: (text: string) => void, logFolder?: string }} [options]
 * @returns {Promise<{ failed: Problem[], leftOut: Problem[] }>}
 */
export async function perform(steps, { print = console.log, logFolder = join(cacheDir, "log") } = {}) {
  /** @type {Problem[]} */
  const failed = [];
  /** @type {Problem[]} */
  const leftOut = [];
  for (const [index, step] of steps.entries()) {
    const label = `[${index + 1}/${steps.length}] ${step.name} …`;
    const reason = await performOne(step, label, failed, { print, logFolder });
    if (!reason) continue;
    const follows = cause(step, failed) !== undefined;
    (step.optional ? leftOut : failed).push({ step, reason, follows });
  }
  return { failed, leftOut };
}

/** @param {Step} step @param {readonly Problem[]} failed */
const cause = (step, failed) => failed.find((problem) => step.needs?.includes(problem.step.id));

/**
 * @param {Step} step
 * @param {string} label
 * @param {readonly Problem[]} failed
 * @param {{ print: (text: string) => void, logFolder: string }} options
 * @returns {Promise<string | undefined>} why it is not there
 */
async function performOne(step, label, failed, { print, logFolder }) {
  const started = performance.now();
  const missing = cause(step, failed);
  if (missing) {
    print(`${label} not tried`);
    return `it needs ${missing.step.name}`;
  }
  try {
    const found = step.detect();
    if (found) {
      print(`${label} found: ${found} (${seconds(started)} s)`);
      return undefined;
    }
  } catch (error) {
    print(`${label} wrong setting`);
    return error instanceof Error ? error.message : String(error);
  }
  if (!step.install && !(step.packages && canInstallPackages())) {
    print(`${label} missing`);
    return step.packages
      ? "packages can be installed only with apt-get and without a password"
      : "it was not found";
  }
  print(`${label} installing${step.duration ? ` (${step.duration})` : ""}`);
  return install(step, started, { print, logFolder });
}

/**
 * @param {Step} step
 * @param {number} started
 * @param {{ print: (text: string) => void, logFolder: string }} options
 */
async function install(step, started, { print, logFolder }) {
  const log = join(logFolder, `${step.id}.log`);
  mkdirSync(logFolder, { recursive: true });
  writeFileSync(log, "");
  let last = "";
  const heartbeat = setInterval(() => {
    print(`      ${Math.round(Number(seconds(started)))} s: ${last.slice(0, MAX_LINE)}`);
  }, HEARTBEAT_MS);
  /** @param {string} line */
  const onLine = (line) => {
    last = line;
  };
  try {
    const apt = (/** @type {readonly string[]} */ packages) => aptInstall(packages, { log, onLine });
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
  return `${last ? last.slice(0, 200) : "it could not be installed"}; log: ${log}`;
}

/**
 * One sentence on what is missing, one on what to do.
 * @param {Problem} problem
 */
export function explain({ step, reason }) {
  return `not available: ${step.name} (${reason})\n  → ${step.remedy}`;
}
