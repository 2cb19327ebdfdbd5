/** npm run test:packaging [-- --only vite,webpack]: the packed package in real apps, without any configuration. */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { table } from "../../benches/lib/figures.mjs";
import { build } from "../../scripts/build.mjs";
import { startEmbeddedServer } from "../e2e/support/backend.mjs";
import { launchBrowser } from "../e2e/support/browser.mjs";
import { selectApps } from "./apps.mjs";
import { remove, temporaryFolder } from "./lib/folder.mjs";
import { installApp, pack } from "./lib/npm.mjs";

/** @typedef {{ name: string, failure?: string, seconds?: number } & import("./apps.mjs").Outcome} Result */

/** @param {number} since */
const secondsSince = (since) => (performance.now() - since) / 1000;

/** @param {unknown} error */
const inWords = (error) => (error instanceof Error ? error.message : String(error));

function readOptions() {
  try {
    const { values } = parseArgs({ options: { only: { type: "string" } } });
    return selectApps(values.only);
  } catch (error) {
    console.error(inWords(error));
    process.exit(2);
  }
}

/**
 * @param {string} name
 * @param {() => Promise<import("./apps.mjs").Outcome | void>} attempt
 * @returns {Promise<Result>}
 */
async function result(name, attempt) {
  const begun = performance.now();
  try {
    const outcome = await attempt();
    return { name, ...outcome, seconds: secondsSince(begun) };
  } catch (error) {
    console.log(`${name}: FAILED: ${inWords(error)}`);
    return { name, failure: inWords(error), seconds: secondsSince(begun) };
  }
}

/**
 * @param {import("./apps.mjs").App} app
 * @param {Omit<import("./apps.mjs").Stage, "folder">} stage
 * @param {string} folder
 */
async function runApp(app, stage, folder) {
  const title = (/** @type {import("./apps.mjs").Case} */ { name }) => `${app.name}: ${name}`;
  console.log(`${app.name}: npm install (downloads what npm does not have in its cache)`);
  const installed = await result(app.name, () => installApp(app.name, folder, stage.tarball));
  if (installed.failure) return app.cases.map((one) => ({ name: title(one), failure: installed.failure }));
  console.log(`${app.name}: installed in ${installed.seconds?.toFixed(1)} s`);
  /** @type {Result[]} */
  const results = [];
  for (const one of app.cases) {
    console.log(title(one));
    results.push(await result(title(one), () => one.run({ ...stage, folder })));
  }
  remove(folder);
  return results;
}

const selected = readOptions();
await build((text) => console.log(`  ${text}`));
const folder = temporaryFolder();
const tarball = await pack(folder);
const server = await startEmbeddedServer();
/** @type {ReturnType<typeof launchBrowser> | undefined} */
let browser;
const chromium = () => (browser ??= launchBrowser("chromium"));

/** @type {Result[]} */
const results = [];
try {
  for (const app of selected) {
    results.push(...(await runApp(app, { server: server.url, tarball, chromium }, join(folder, app.name))));
  }
} finally {
  await (await browser)?.close();
  await server.stop();
}

const rows = results.map(({ name, failure, seconds, bytes, note }) => [
  name,
  failure === undefined ? "passed" : "FAILED",
  seconds?.toFixed(1) ?? "",
  bytes?.toLocaleString("en") ?? "",
  note ?? "",
]);
console.log(`\n${table(["app", "", "seconds", "bytes (gzip)", ""], rows)}`);
const failed = results.filter(({ failure }) => failure !== undefined).length;
console.log(`${results.length - failed} passed, ${failed} failed`);
if (failed > 0) process.exitCode = 1;
