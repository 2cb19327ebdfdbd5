/**
 * Everything the project needs on a machine: how it is found, how it is installed, and what a person
 * can do where it cannot be installed.
 */
import { existsSync } from "node:fs";
import {
  findChromedriver,
  findChromium,
  findFirefox,
  findRedis,
  findWebKit,
  programVersion,
} from "./browsers.mjs";
import { findBun, installBun } from "./bun.mjs";
import { cargoInstall } from "./cargo-install.mjs";
import { npmPackagesInstalled } from "./npm-packages.mjs";
import { root } from "./paths.mjs";
import { findPython, findVenvPython, installVenv, MIN_PYTHON } from "./python.mjs";
import { capture, runLogged } from "./run.mjs";
import {
  atLeast,
  findGeckodriver,
  findWasmBindgenTestRunner,
  GECKODRIVER_VERSION,
  npmBin,
  onPath,
  versionIn,
  wasmBindgen,
} from "./tools.mjs";
import { findWasmRust, installWasmTarget, minimumRust, WASM_TARGET } from "./wasm-target.mjs";

/**
 * @typedef {object} Tools what an installation may use
 * @property {string} log file that takes the output of programs
 * @property {(line: string) => void} onLine shows that something is going on
 * @property {(text: string) => void} say tells the person something
 * @property {(packages: readonly string[]) => Promise<boolean>} aptInstall
 *
 * @typedef {object} Step
 * @property {string} id
 * @property {string} name
 * @property {readonly string[]} [needs] steps that must have succeeded before
 * @property {() => string | undefined | false} detect what was found, in a few words
 * @property {readonly string[]} [packages] Debian's packages that bring it
 * @property {(tools: Tools) => Promise<boolean>} [install] where it is not a matter of packages
 * @property {string} [duration] of an installation on two cores
 * @property {boolean} [optional] the rest goes on without it
 * @property {string} remedy
 */

const MIN_NODE = "20.19.0";

/** @param {string} program */
const withVersion = (program) => `${program} ${programVersion(program) ?? ""}`.trim();

/** WebKit is required where it is known to be available. */
const webkitRequired = Boolean(process.env.CI) && existsSync("/etc/debian_version");

/** @type {readonly Step[]} */
export const steps = [
  {
    id: "node",
    name: `Node.js ${MIN_NODE} or newer`,
    detect: () => atLeast(process.versions.node, MIN_NODE) && process.versions.node,
    remedy: `Install Node.js ${MIN_NODE} or newer (https://nodejs.org, or your version manager) and start again.`,
  },
  {
    id: "cc",
    name: "C linker (cc)",
    detect: () => onPath("cc")[0],
    packages: ["gcc", "libc6-dev"],
    duration: "under a minute",
    remedy:
      "Install a C compiler: Debian and Ubuntu `sudo apt-get install build-essential`, macOS `xcode-select --install`.",
  },
  {
    id: "rust",
    name: `Rust ${minimumRust()} or newer`,
    needs: ["cc"],
    detect: () => {
      const version = versionIn(capture("rustc", ["--version"], { cwd: root }).out);
      const cargo = capture("cargo", ["--version"], { cwd: root });
      return cargo.ok && version && atLeast(version, minimumRust()) && version;
    },
    install: async (tools) => {
      // An older Rust is the user's to update; where there is none, Debian's will do.
      if (onPath("rustc").length > 0) return false;
      return tools.aptInstall(["rustc-web", "cargo-web"]);
    },
    duration: "1–2 min",
    remedy: `Install Rust with rustup (https://rustup.rs), or run \`rustup update stable\` if it is older than ${minimumRust()}; then start again in a new terminal.`,
  },
  {
    id: "wasm-target",
    name: `Rust target ${WASM_TARGET}`,
    needs: ["rust"],
    detect: () => findWasmRust()?.rustc,
    install: installWasmTarget,
    duration: "seconds with rustup",
    remedy: `Run \`rustup target add ${WASM_TARGET}\` where the network allows it (Rust without rustup: install it with https://rustup.rs, or use Debian 12 as root).`,
  },
  {
    id: "wasm-bindgen",
    name: `wasm-bindgen's test runner ${wasmBindgen()}`,
    needs: ["wasm-target"],
    detect: findWasmBindgenTestRunner,
    install: cargoInstall("wasm-bindgen-cli", "wasm-bindgen", wasmBindgen()),
    duration: "2–4 min",
    remedy: `Run \`cargo install --locked wasm-bindgen-cli@${wasmBindgen()}\`, or put that version's programs on PATH.`,
  },
  {
    id: "npm",
    name: "npm packages",
    needs: ["node"],
    detect: () => npmPackagesInstalled(root) && "as locked",
    install: async ({ log, onLine }) => {
      const args = ["ci", "--no-audit", "--no-fund"];
      return (await runLogged("npm", args, { log, onLine, cwd: root })).ok;
    },
    duration: "under a minute",
    remedy:
      "Run `npm ci` in the project's folder and see what it says: most often the network or a proxy setting (`npm config get proxy`).",
  },
  {
    id: "wasm-opt",
    name: "wasm-opt",
    needs: ["npm"],
    detect: () =>
      versionIn(capture(npmBin("wasm-opt"), ["--version"]).out.replace(/version (\d+)/, "version $1.0")),
    remedy:
      "Delete node_modules and start again: the npm package binaryen, which brings wasm-opt, is damaged.",
  },
  {
    id: "rust-components",
    name: "rustfmt and clippy",
    needs: ["rust"],
    detect: () =>
      capture("cargo", ["fmt", "--version"], { cwd: root }).ok &&
      capture("cargo", ["clippy", "--version"], { cwd: root }).ok &&
      "present",
    install: async ({ log, onLine }) =>
      (await runLogged("rustup", ["component", "add", "rustfmt", "clippy"], { log, onLine, cwd: root })).ok,
    duration: "seconds",
    remedy: "Run `rustup component add rustfmt clippy`.",
  },
  {
    id: "chromium",
    name: "Chromium",
    detect: () => {
      const program = findChromium();
      return program && withVersion(program);
    },
    packages: ["chromium"],
    duration: "1–2 min",
    remedy: "Install Chromium or Chrome, or set CHROME_BIN to its program.",
  },
  {
    id: "chromedriver",
    name: "chromedriver",
    needs: ["chromium"],
    detect: () => findChromedriver(),
    packages: ["chromium-driver"],
    duration: "under a minute",
    remedy:
      "Put the chromedriver of your Chromium's or Chrome's major version on PATH, or set CHROMEDRIVER to it.",
  },
  {
    id: "firefox",
    name: "Firefox",
    detect: () => {
      const program = findFirefox();
      return program && withVersion(program);
    },
    packages: ["firefox-esr"],
    duration: "1–2 min",
    remedy: "Install Firefox, or set FIREFOX_BIN to its program.",
  },
  {
    id: "geckodriver",
    name: "geckodriver",
    needs: ["rust"],
    detect: () => findGeckodriver(),
    install: cargoInstall("geckodriver", "geckodriver", GECKODRIVER_VERSION),
    duration: "1–3 min",
    remedy: `Run \`cargo install --locked geckodriver@${GECKODRIVER_VERSION}\`, or put geckodriver on PATH.`,
  },
  {
    id: "webkit",
    name: "WebKit (WebKitGTK and xvfb)",
    optional: !webkitRequired,
    detect: () => findWebKit()?.browser,
    packages: ["webkit2gtk-driver", "xvfb", "xauth"],
    duration: "1–2 min",
    remedy:
      "On Debian or Ubuntu run `sudo apt-get install webkit2gtk-driver xvfb xauth`; other systems have no WebKitGTK driver.",
  },
  {
    id: "python",
    name: `Python ${MIN_PYTHON} or newer`,
    detect: () => findPython()?.version,
    packages: ["python3"],
    duration: "under a minute",
    remedy: `Install Python ${MIN_PYTHON} or newer so that \`python3\` is on PATH.`,
  },
  {
    id: "venv",
    name: "Python environment of the back-ends",
    needs: ["python"],
    detect: () => findVenvPython(),
    install: installVenv,
    duration: "under a minute",
    remedy:
      "See that `python3 -m venv` works (Debian and Ubuntu: `sudo apt-get install python3-venv`) and that pip reaches its index.",
  },
  {
    id: "bun",
    name: "Bun for the track analysis back-end",
    needs: ["node"],
    detect: () => findBun()?.version,
    install: installBun,
    duration: "under a minute",
    remedy:
      "Run `npm ci` in examples/backends/bun and see what it says; where npm runs no install scripts, allow that of bun.",
  },
  {
    id: "redis",
    name: "Redis",
    detect: () => {
      const program = findRedis();
      return program && withVersion(program);
    },
    packages: ["redis-server"],
    duration: "under a minute",
    remedy: "Install Redis or Valkey so that `redis-server` is on PATH, or set REDIS_SERVER to it.",
  },
];

/** What `npm start` needs. */
export const START = ["wasm-target", "npm", "wasm-opt"];

/**
 * The steps of these ids and all they need, in the order of the table.
 * @param {readonly string[]} ids
 * @param {readonly Step[]} [table]
 */
export function stepsFor(ids, table = steps) {
  const wanted = new Set();
  /** @param {string} id */
  const add = (id) => {
    const step = table.find((candidate) => candidate.id === id);
    if (!step) throw new Error(`There is no set-up step "${id}".`);
    wanted.add(id);
    step.needs?.forEach(add);
  };
  ids.forEach(add);
  return table.filter((step) => wanted.has(step.id));
}
