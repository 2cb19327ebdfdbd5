/** Which tools in which versions the project uses, and where they are on this machine. */
import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { cacheDir, root } from "./paths.mjs";
import { capture } from "./run.mjs";

export const GECKODRIVER_VERSION = "0.37.1";

/**
 * The CLI must be of the very version the crate is linked against.
 * @param {string} manifest text of Cargo.toml
 */
export function wasmBindgenVersion(manifest) {
  const match = /^wasm-bindgen\s*=\s*(?:"|\{[^}\n]*?version\s*=\s*")=([0-9.]+)"/m.exec(manifest);
  if (!match?.[1]) {
    throw new Error('Cargo.toml does not pin wasm-bindgen: write wasm-bindgen = "=<version>".');
  }
  return match[1];
}

export const wasmBindgen = () => wasmBindgenVersion(readFileSync(join(root, "Cargo.toml"), "utf8"));

/**
 * Compares dotted numbers; what follows a hyphen is left out.
 * @param {string} have
 * @param {string} need
 */
export function atLeast(have, need) {
  /** @param {string} version */
  const parts = (version) => (version.split("-")[0] ?? "").split(".").map(Number);
  const [a, b] = [parts(have), parts(need)];
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/**
 * The first number that looks like a version.
 * @param {string} text
 */
export const versionIn = (text) => /\d+\.\d+(?:\.\d+)*/.exec(text)?.[0];

/** @param {string} path */
export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * Every place where a program of that name is, in PATH order.
 * @param {string} name
 * @param {string} [path]
 */
export function onPath(name, path = process.env.PATH ?? "") {
  return path
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, name))
    .filter(isExecutable);
}

export const cargoBin = join(process.env.CARGO_HOME || join(homedir(), ".cargo"), "bin");

// rustup puts it on PATH for new terminals only; this one may be older than the installation.
if (onPath("cargo").length === 0 && isExecutable(join(cargoBin, "cargo"))) {
  process.env.PATH = [cargoBin, process.env.PATH].filter(Boolean).join(delimiter);
}

/**
 * Where `cargo install` puts a tool, out of the way of the user's own.
 * @param {string} tool
 * @param {string} version
 */
export const toolRoot = (tool, version) => join(cacheDir, `${tool}-${version}`);

/**
 * The program of a tool in a version that will do, or nothing.
 * @param {{ program: string, tool: string, version: string, accepts: (version: string) => boolean }} wanted
 */
export function findTool({ program, tool, version, accepts }) {
  const candidates = [
    ...onPath(program),
    join(cargoBin, program),
    join(toolRoot(tool, version), "bin", program),
  ];
  return candidates.find((path) => {
    if (!isExecutable(path)) return false;
    const found = versionIn(capture(path, ["--version"]).out);
    return found !== undefined && accepts(found);
  });
}

export function findWasmBindgenTestRunner() {
  const version = wasmBindgen();
  return findTool({
    program: "wasm-bindgen-test-runner",
    tool: "wasm-bindgen",
    version,
    accepts: (v) => v === version,
  });
}

export const findGeckodriver = () =>
  findTool({
    program: "geckodriver",
    tool: "geckodriver",
    version: GECKODRIVER_VERSION,
    accepts: (v) => atLeast(v, "0.34.0"),
  });

/** Tools of npm packages. @param {string} name */
export const npmBin = (name) => join(root, "node_modules", ".bin", name);
