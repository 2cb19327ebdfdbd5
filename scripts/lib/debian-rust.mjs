/**
 * Debian's Rust with a standard library for wasm32.
 *
 * Debian ships the library's source but no wasm32 build of it. It is built once, into a sysroot in the cache: links to
 * what the system's sysroot has, and the wasm32 library beside them. Nothing is written into the system's Rust.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheDir } from "./paths.mjs";
import { capture, runLogged } from "./run.mjs";
import { hashOf } from "./stamp.mjs";
import { isExecutable, onPath } from "./tools.mjs";

/** @typedef {import("./wasm-target.mjs").Rust} Rust */

export const DEBIAN_PACKAGES = ["rustc-web", "cargo-web", "rust-web-src", "lld-22"];
export const DEBIAN_RUSTC = "/usr/bin/rustc";
const DEBIAN_CARGO = "/usr/bin/cargo";
/** A package of its own, under a name with a version. */
const DEBIAN_LINKER = "wasm-ld-22";

/** @returns {NodeJS.ProcessEnv} */
function linkerEnvironment() {
  const linker = onPath(DEBIAN_LINKER)[0];
  return linker ? { CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: linker } : {};
}

/** Debian's Rust as it is installed. @returns {Rust | undefined} */
export function systemRust() {
  if (!isExecutable(DEBIAN_RUSTC) || !isExecutable(DEBIAN_CARGO)) return undefined;
  return { cargo: DEBIAN_CARGO, rustc: DEBIAN_RUSTC, env: { RUSTC: DEBIAN_RUSTC, ...linkerEnvironment() } };
}

/** A folder for each version of the compiler: it reads no other version's library. @param {string} rustc */
function sysrootFolder(rustc) {
  const version = capture(rustc, ["-vV"]);
  return version.ok
    ? join(cacheDir, `debian-rust-${hashOf("/", [], [version.out]).slice(0, 12)}`)
    : undefined;
}

/** The compiler that uses the sysroot, in it. @param {string} sysroot */
const rustcOf = (sysroot) => join(sysroot, "bin", "rustc");

/** Debian's Rust with the sysroot in the cache, where that was built. @returns {Rust | undefined} */
export function cachedRust() {
  const system = systemRust();
  const sysroot = system && sysrootFolder(system.rustc);
  if (!system || !sysroot || !existsSync(rustcOf(sysroot))) return undefined;
  const rustc = rustcOf(sysroot);
  // clippy is a compiler of its own, which finds its library by SYSROOT.
  return { cargo: system.cargo, rustc, env: { ...system.env, RUSTC: rustc, SYSROOT: sysroot } };
}

/**
 * Makes a sysroot with links to everything in another one, and a library for one more target.
 * @param {{ rustc: string, from: string, to: string, target: string, libraries: readonly string[] }} parts
 *   `rustc` is the program, `from` its sysroot; `libraries` are files, which are moved
 */
export function makeSysroot({ rustc, from, to, target, libraries }) {
  const made = `${to}.new`;
  rmSync(made, { recursive: true, force: true });
  const rustlib = join(made, "lib", "rustlib");
  const targetFolder = join(rustlib, target, "lib");
  mkdirSync(targetFolder, { recursive: true });
  mkdirSync(join(made, "bin"));
  const present = join(from, "lib", "rustlib");
  for (const name of readdirSync(present)) {
    if (name !== target) symlinkSync(join(present, name), join(rustlib, name));
  }
  for (const file of libraries) renameSync(file, join(targetFolder, file.slice(dirname(file).length + 1)));
  // Last: that it is there says that the rest is.
  writeFileSync(rustcOf(made), `#!/bin/sh\nexec '${rustc}' --sysroot '${to}' "$@"\n`, { mode: 0o755 });
  rmSync(to, { recursive: true, force: true });
  renameSync(made, to);
}

/**
 * Builds the library and makes the sysroot.
 * @param {string} target
 * @param {{ log: string, onLine: (line: string) => void }} tools
 */
export async function buildWasmLibrary(target, { log, onLine }) {
  const system = systemRust();
  const to = system && sysrootFolder(system.rustc);
  const from = system && capture(system.rustc, ["--print", "sysroot"]).out.trim();
  if (!system || !to || !from) return false;
  const crate = join(cacheDir, "debian-wasm-std");
  rmSync(crate, { recursive: true, force: true });
  mkdirSync(join(crate, "src"), { recursive: true });
  writeFileSync(
    join(crate, "Cargo.toml"),
    '[package]\nname = "empty"\nversion = "0.0.0"\nedition = "2024"\n\n[workspace]\n',
  );
  writeFileSync(join(crate, "src", "lib.rs"), "");
  const built = await runLogged(
    system.cargo,
    [
      ...["build", "--release", `--target=${target}`, `--target-dir=${join(crate, "target")}`],
      "-Zbuild-std=std,panic_abort,panic_unwind,test,proc_macro",
    ],
    {
      log,
      onLine,
      cwd: crate,
      env: { ...process.env, ...system.env, RUSTC_BOOTSTRAP: "1", RUSTFLAGS: "-Cembed-bitcode=yes" },
    },
  );
  if (!built.ok) return false;
  const deps = join(crate, "target", target, "release", "deps");
  const libraries = readdirSync(deps)
    .filter((name) => name.endsWith(".rlib") && !name.startsWith("libempty-"))
    .map((name) => join(deps, name));
  makeSysroot({ rustc: system.rustc, from, to, target, libraries });
  rmSync(crate, { recursive: true, force: true });
  return true;
}
