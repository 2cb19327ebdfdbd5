/** The test suites in the order in which they run: what each needs, and how it is started. */
import { join, relative } from "node:path";
import { BUN_BACKEND, findBun } from "./bun.mjs";
import { browserEnvironment } from "./browsers.mjs";
import { root } from "./paths.mjs";
import { findVenvPython } from "./python.mjs";
import { runShown } from "./run.mjs";
import { filesUnder } from "./stamp.mjs";
import { npmBin } from "./tools.mjs";
import { WASM_TARGET, wasmRust } from "./wasm-target.mjs";
import { wasmTests } from "./wasm-tests.mjs";

/**
 * @typedef {object} Suite
 * @property {string} name
 * @property {string} title
 * @property {readonly string[]} needs set-up steps
 * @property {string} [leftOutWithout] an optional set-up step without which there is nothing to run
 * @property {boolean} [packaged] whether it needs pkg/
 * @property {boolean} [slow] runs by a script of its own, and where it is asked for by name
 * @property {() => Promise<boolean>} run whether it passed
 */

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, limitMs?: number }} [options]
 */
const run = (command, args, { cwd = root, env, limitMs } = {}) =>
  runShown(command, args, {
    cwd,
    limitMs,
    env: { ...process.env, ...browserEnvironment(), PYTHON: findVenvPython(), ...env },
  });

/** @param {...string} args */
const cargo = (...args) => run(wasmRust().cargo, args, { env: wasmRust().env });

/**
 * Whether a folder has tests at all: an empty suite must not pass.
 * @param {string} folder relative to the project
 * @param {RegExp} pattern of their names
 */
function testsIn(folder, pattern) {
  const files = filesUnder([join(root, folder)]).filter((file) => pattern.test(file));
  if (files.length === 0) console.error(`There are no tests in ${folder}.`);
  return files.map((file) => relative(root, file));
}

/**
 * @param {string} folder
 * @param {readonly string[]} [flags]
 * @param {{ chosen?: (file: string) => boolean, limitMs?: number }} [options]
 */
async function nodeTests(folder, flags = [], { chosen = () => true, limitMs } = {}) {
  const files = testsIn(folder, /\.test\.mjs$/).filter(chosen);
  if (files.length === 0) return false;
  return run(process.execPath, ["--test", "--test-reporter=spec", ...flags, ...files], { limitMs });
}

async function vitest() {
  if (testsIn("tests/facade", /\.test\.tsx?$/).length === 0) return false;
  return run(npmBin("vitest"), ["run", "--config", join("tests", "facade", "vitest.config.ts")]);
}

/** @param {string} backEnd */
async function pytest(backEnd) {
  const folder = join("examples", "backends", backEnd);
  const python = findVenvPython();
  if (testsIn(folder, /test_[^/]*\.py$/).length === 0 || !python) return false;
  return run(python, ["-m", "pytest", "-q"], {
    cwd: join(root, folder),
    env: { PYTHONDONTWRITEBYTECODE: "1" },
  });
}

async function bunTests() {
  const bun = findBun();
  if (testsIn(relative(root, BUN_BACKEND), /\.test\.ts$/).length === 0 || !bun) return false;
  return run(bun.program, ["test", "--timeout", "60000"], { cwd: BUN_BACKEND });
}

async function simulations() {
  if (testsIn("tests/sim", /\.rs$/).length === 0) return false;
  const tests = ["sim", "cast", "sio", "corpus"].flatMap((name) => ["--test", name]);
  const all = await cargo("test", "--profile", "sim", ...tests);
  // A build that pages download must never reach what it leaves out: it would hang.
  let alone = true;
  for (const [feature, test] of [
    ["stream", "sim"],
    ["broadcast", "cast"],
  ]) {
    const one = ["--no-default-features", "--features", feature, "--test", test];
    alone = (await cargo("test", "--profile", "sim", ...one)) && alone;
  }
  return alone && all;
}

/** The core counts its memory natively; servers and pages are attacked as they run. */
async function attacks() {
  const core = await cargo("test", "--profile", "sim", "--test", "memory");
  const rest = await nodeTests(join("tests", "attacks"), ONE_BY_ONE, { limitMs: SLOW_LIMIT_MS });
  return core && rest;
}

/** Both, even when the first fails: one run shows every complaint. */
async function clippy() {
  const native = await cargo("clippy", "--workspace", "--all-targets", "--", "-D", "warnings");
  const wasm = await cargo("clippy", "--all-targets", "--target", WASM_TARGET, "--", "-D", "warnings");
  return native && wasm;
}

async function core() {
  const unit = await cargo("test", "--profile", "sim", "--lib");
  const documented = await cargo("test", "--profile", "sim", "--doc");
  return unit && documented;
}

const PACKAGE = ["wasm-target", "npm", "wasm-opt"];

/** What is attacked is measured: nothing else runs beside it. */
const ONE_BY_ONE = ["--test-concurrency=1"];

/** Files whose browsers wait for servers nine tenths of their time. */
const SIDE_BY_SIDE = ["--test-concurrency=3"];

/** A slow suite takes ten minutes of a machine that has nothing else to do: only one that hangs is to be ended. */
const SLOW_LIMIT_MS = 45 * 60_000;

/** End-to-end tests that `npm test` would take more than ten minutes with. */
const LONG_FILES =
  /(?:fastapi|five|images|karaoke|karaoke-hooks|map|playlists|playlists-page|result-url|site|songs|tabs|tabs-forged|transcription)\.test\.mjs$/;

/** @type {readonly Suite[]} */
export const suites = [
  {
    name: "fmt",
    title: "formatting of Rust",
    needs: ["rust-components", "wasm-target"],
    run: () => cargo("fmt", "--all", "--check"),
  },
  {
    name: "clippy",
    title: "clippy, native and wasm32",
    needs: ["rust-components", "wasm-target"],
    run: clippy,
  },
  {
    name: "prettier",
    title: "formatting of TypeScript and JavaScript",
    needs: ["npm"],
    run: () => run(npmBin("prettier"), ["--check", "."]),
  },
  {
    name: "eslint",
    title: "eslint",
    needs: ["npm"],
    run: () => run(npmBin("eslint"), [".", "--max-warnings", "0"]),
  },
  {
    name: "tsc",
    title: "tsc --strict",
    needs: PACKAGE,
    packaged: true,
    run: () => run(process.execPath, [join("scripts", "typecheck.mjs")]),
  },
  {
    name: "scripts",
    title: "the scripts themselves",
    needs: ["npm", "wasm-target"],
    run: () => nodeTests("scripts"),
  },
  { name: "core", title: "the core, native", needs: ["wasm-target"], run: core },
  { name: "sim", title: "simulations and properties, native", needs: ["wasm-target"], run: simulations },
  {
    name: "wasm-chrome",
    title: "the driver in Chromium",
    needs: ["wasm-bindgen", "chromedriver"],
    run: () => wasmTests("chrome"),
  },
  {
    name: "wasm-firefox",
    title: "the driver in Firefox",
    needs: ["wasm-bindgen", "firefox", "geckodriver"],
    run: () => wasmTests("firefox"),
  },
  {
    name: "wasm-webkit",
    title: "the driver in WebKit",
    needs: ["wasm-bindgen", "webkit"],
    leftOutWithout: "webkit",
    run: () => wasmTests("webkit"),
  },
  { name: "facade", title: "the facade", needs: PACKAGE, packaged: true, run: vitest },
  {
    name: "server",
    title: "the embedded server",
    needs: ["npm"],
    run: () => nodeTests(join("examples", "server")),
  },
  {
    name: "fastapi",
    title: "the FastAPI back-end",
    needs: ["venv", "redis"],
    run: () => pytest("fastapi"),
  },
  {
    name: "flask",
    title: "the Flask-SocketIO back-end",
    needs: ["venv", "redis"],
    run: () => pytest("flask-socketio"),
  },
  {
    name: "bun",
    title: "the track analysis back-end on Bun",
    needs: ["bun"],
    run: bunTests,
  },
  {
    name: "ws",
    title: "the playlist back-end on ws",
    needs: ["npm"],
    run: () => nodeTests(join("examples", "backends", "ws")),
  },
  {
    name: "express",
    title: "the image back-end on Express",
    needs: ["npm"],
    run: () => nodeTests(join("examples", "backends", "express")),
  },
  {
    name: "e2e",
    title: "real servers, real browsers",
    needs: [...PACKAGE, "chromium", "firefox", "webkit", "venv", "redis", "bun"],
    packaged: true,
    run: () => nodeTests(join("tests", "e2e"), SIDE_BY_SIDE, { chosen: (file) => !LONG_FILES.test(file) }),
  },
  {
    name: "systems",
    title: "each system with its own back-end and page, and tabs, in real browsers",
    needs: [...PACKAGE, "chromium", "firefox", "venv", "redis", "bun"],
    packaged: true,
    slow: true,
    run: () =>
      nodeTests(join("tests", "e2e"), SIDE_BY_SIDE, {
        chosen: (file) => LONG_FILES.test(file),
        limitMs: SLOW_LIMIT_MS,
      }),
  },
  {
    name: "conformance",
    title: "Socket.IO against both reference servers, in real browsers",
    needs: [...PACKAGE, "chromium", "firefox", "venv"],
    packaged: true,
    slow: true,
    run: () => nodeTests(join("tests", "conformance"), SIDE_BY_SIDE, { limitMs: SLOW_LIMIT_MS }),
  },
  {
    name: "attacks",
    title: "hostile requests, servers and pages",
    needs: [...PACKAGE, "chromium", "venv", "redis", "bun"],
    packaged: true,
    slow: true,
    run: attacks,
  },
  {
    name: "size",
    title: "size",
    needs: PACKAGE,
    packaged: true,
    run: () => run(process.execPath, [join("scripts", "size.mjs")]),
  },
];

/**
 * The suites of a comma-separated list, in the table's order.
 * @param {string | undefined} only
 * @param {readonly Suite[]} [table]
 */
export function selectSuites(only, table = suites) {
  if (only === undefined) return table.filter((suite) => !suite.slow);
  const names = only.split(",").map((name) => name.trim());
  const unknown = names.filter((name) => !table.some((suite) => suite.name === name));
  if (unknown.length > 0) {
    const known = table.map((suite) => suite.name).join(", ");
    throw new Error(`There is no suite "${unknown.join('", "')}": choose from ${known}.`);
  }
  return table.filter((suite) => names.includes(suite.name));
}
