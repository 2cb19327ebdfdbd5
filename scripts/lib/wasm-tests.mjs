/** Runs the crate's browser tests through wasm-bindgen's runner and a WebDriver. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { browserEnvironment, findWebKit } from "./browsers.mjs";
import { root, targetDir } from "./paths.mjs";
import { capture, runShown } from "./run.mjs";
import { findWasmBindgenTestRunner } from "./tools.mjs";
import { WASM_TARGET, wasmRust } from "./wasm-target.mjs";

/** @typedef {"chrome" | "firefox" | "webkit"} Browser */

/**
 * Cargo's test targets of this package below a folder.
 * @param {string} folder
 * @param {string} metadata what `cargo metadata` says
 * @returns {string[]}
 */
export function testTargets(folder, metadata) {
  /** @type {{ packages: { targets: { name: string, kind: string[], src_path: string }[] }[] }} */
  const { packages } = JSON.parse(metadata);
  return packages
    .flatMap(({ targets }) => targets)
    .filter(({ kind, src_path }) => kind.includes("test") && src_path.includes(`/${folder}/`))
    .map(({ name }) => name);
}

/**
 * What the driver is to start: webdriver.json, with the programs of this machine.
 * @param {Browser} browser
 * @param {Record<string, unknown>} common content of webdriver.json
 * @param {Record<string, string | undefined>} programs
 */
export function capabilities(browser, common, { CHROME_BIN, FIREFOX_BIN, WEBKIT_BROWSER }) {
  /** @param {string} key @param {string | undefined} binary */
  const withBinary = (key, binary) => ({ [key]: { .../** @type {object} */ (common[key]), binary } });
  if (browser === "chrome") return withBinary("goog:chromeOptions", CHROME_BIN);
  if (browser === "firefox") return withBinary("moz:firefoxOptions", FIREFOX_BIN);
  return { "webkitgtk:browserOptions": { binary: WEBKIT_BROWSER, args: ["--automation"] } };
}

/**
 * @param {Browser} browser
 * @returns {Promise<boolean>}
 */
export async function wasmTests(browser) {
  const { cargo, env: rustEnv } = wasmRust();
  const metadata = capture(cargo, ["metadata", "--no-deps", "--format-version", "1"], { cwd: root });
  const targets = metadata.ok ? testTargets("tests/web", metadata.out) : [];
  if (targets.length === 0) {
    console.error("Cargo knows no test target below tests/web.");
    return false;
  }
  const programs = browserEnvironment();
  const file = join(targetDir, "webdriver", `${browser}.json`);
  mkdirSync(join(targetDir, "webdriver"), { recursive: true });
  const common = JSON.parse(readFileSync(join(root, "webdriver.json"), "utf8"));
  writeFileSync(file, JSON.stringify(capabilities(browser, common, programs)));

  const webkit = findWebKit();
  // The runner takes the first driver it is told about, so it is told about one only.
  const env = {
    ...process.env,
    ...rustEnv,
    CHROMEDRIVER: browser === "chrome" ? programs.CHROMEDRIVER : undefined,
    GECKODRIVER: browser === "firefox" ? programs.GECKODRIVER : undefined,
    SAFARIDRIVER: browser === "webkit" ? webkit?.driver : undefined,
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER: findWasmBindgenTestRunner(),
    WASM_BINDGEN_TEST_WEBDRIVER_JSON: file,
    // For all tests together and the browser's start, in seconds: a busy machine must not end what is going well.
    WASM_BINDGEN_TEST_TIMEOUT: "120",
  };
  const args = ["test", "--target", WASM_TARGET, ...targets.flatMap((name) => ["--test", name])];
  if (browser !== "webkit") return runShown(cargo, args, { cwd: root, env });
  return webkit ? runShown(webkit.xvfb, ["-a", cargo, ...args], { cwd: root, env }) : false;
}
