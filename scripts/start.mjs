/**
 * npm start: sets up what is missing, builds, and serves the demo.
 * npm start -- --check: the same once, headless, on a real file; exits 0 when its job completed.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "./build.mjs";
import { findChromium } from "./lib/browsers.mjs";
import { checkPage } from "./lib/check-page.mjs";
import { buildPage, startServer } from "./lib/demo.mjs";
import { root } from "./lib/paths.mjs";
import { onPath } from "./lib/tools.mjs";
import { START } from "./lib/steps.mjs";
import { setup } from "./setup.mjs";

/** A real file that is in every clone. */
const SAMPLE = join(root, "scripts", "sample.wav");

/** @param {string} url */
function openBrowser(url) {
  const hasScreen =
    process.platform === "darwin" || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
  if (!hasScreen || process.env.CI || !process.stdout.isTTY) return;
  const opener = process.platform === "darwin" ? "open" : "xdg-open";
  if (onPath(opener).length === 0) return;
  spawn(opener, [url], { stdio: "ignore", detached: true }).unref();
}

/** @param {() => boolean | Promise<boolean>} work @param {string} what */
async function timed(what, work) {
  const started = performance.now();
  const made = await work();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${what} ${made ? "built" : "up to date"} (${seconds} s)`);
}

/** @param {boolean} check */
async function main(check) {
  await setup(check ? [...START, "chromium"] : START);
  await timed("package", () => build((text) => console.log(`  ${text}`)));
  await timed("page", buildPage);
  const { url, child } = await startServer(check ? { PORT: "0" } : {});
  if (!check) {
    console.log(`\nThe demo is at ${url} (Ctrl-C ends it)`);
    openBrowser(url);
    for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"]))
      process.on(signal, () => child.kill(signal));
    child.on("exit", (code) => process.exit(code ?? 0));
    return;
  }
  const chromium = findChromium();
  if (!chromium) throw new Error("Chromium is gone since the set-up found it.");
  console.log(`\nchecking ${url} with ${SAMPLE.slice(root.length + 1)}`);
  try {
    const print = (/** @type {string} */ line) => console.log(`  ${line}`);
    const { passed, seen, complaints } = await checkPage({ url, chromium, file: SAMPLE, print });
    for (const complaint of complaints) console.error(`  ! ${complaint}`);
    console.log(
      passed ? "check passed: the job completed" : `check failed; states seen: ${seen.join(" → ") || "none"}`,
    );
    process.exitCode = passed ? 0 : 1;
  } finally {
    child.kill("SIGTERM");
  }
}

try {
  const { values } = parseArgs({
    options: { check: { type: "boolean", default: false }, sudo: { type: "boolean" } },
  });
  await main(values.check);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
