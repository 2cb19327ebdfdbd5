/** Which cargo compiles for wasm32 here, and how the target gets there when it is missing. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { buildWasmLibrary, cachedRust, DEBIAN_PACKAGES, DEBIAN_RUSTC, systemRust } from "./debian-rust.mjs";
import { root } from "./paths.mjs";
import { capture, runLogged } from "./run.mjs";
import { onPath } from "./tools.mjs";

export const WASM_TARGET = "wasm32-unknown-unknown";

/**
 * @typedef {object} Rust
 * @property {string} cargo
 * @property {string} rustc
 * @property {NodeJS.ProcessEnv} env what cargo needs to be told beside the caller's environment
 */

/** The toolchain a person has on PATH (rustup's or another). @type {Rust} */
const OWN = { cargo: "cargo", rustc: "rustc", env: {} };

/** @param {Rust} rust */
function libraryFolder({ rustc }) {
  const sysroot = capture(rustc, ["--print", "sysroot"], { cwd: root });
  return sysroot.ok ? join(sysroot.out.trim(), "lib", "rustlib", WASM_TARGET, "lib") : undefined;
}

/** @param {Rust} rust */
function hasWasmStd(rust) {
  const folder = libraryFolder(rust);
  if (!folder) return false;
  try {
    return readdirSync(folder).some((name) => name.startsWith("libstd-"));
  } catch {
    return false;
  }
}

/** The toolchain that can compile for wasm32, if one can. */
export function findWasmRust() {
  if (onPath("rustc")[0] !== DEBIAN_RUSTC && hasWasmStd(OWN)) return OWN;
  return [systemRust(), cachedRust()].find((rust) => rust && hasWasmStd(rust));
}

/** The same, for scripts that run after the set-up. */
export function wasmRust() {
  const rust = findWasmRust();
  if (!rust) throw new Error(`The Rust target ${WASM_TARGET} is missing: run "npm run setup".`);
  return rust;
}

/**
 * @param {{ log: string, onLine: (line: string) => void, say: (text: string) => void,
 *   aptInstall: (packages: readonly string[]) => Promise<boolean> }} tools
 * @returns {Promise<boolean>}
 */
export async function installWasmTarget({ log, onLine, say, aptInstall }) {
  if (onPath("rustup").length > 0) {
    const added = await runLogged("rustup", ["target", "add", WASM_TARGET], { log, onLine, cwd: root });
    if (added.ok && hasWasmStd(OWN)) return true;
    say(
      `rustup could not add it (${added.last}); building Debian's Rust library for wasm32 instead (2–4 min)`,
    );
  } else {
    say("there is no rustup; building Debian's Rust library for wasm32 instead (2–4 min)");
  }
  if (!(await aptInstall(DEBIAN_PACKAGES))) return false;
  return buildWasmLibrary(WASM_TARGET, { log, onLine });
}

/** The lowest Rust the crate compiles with. @param {string} manifest text of Cargo.toml */
export function rustVersionOf(manifest) {
  return /^rust-version\s*=\s*"([0-9.]+)"/m.exec(manifest)?.[1] ?? "1.95";
}

export const minimumRust = () => rustVersionOf(readFileSync(join(root, "Cargo.toml"), "utf8"));
