/** Which cargo compiles for wasm32 here, and how the target gets there when it is missing. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheDir, root } from "./paths.mjs";
import { capture, runLogged } from "./run.mjs";
import { isExecutable, onPath } from "./tools.mjs";

export const WASM_TARGET = "wasm32-unknown-unknown";

const DEBIAN_PACKAGES = ["rustc-web", "cargo-web", "rust-web-src", "lld-22"];
const DEBIAN_BIN = "/usr/bin";
const DEBIAN_LINKER = "wasm-ld-22";

/**
 * @typedef {object} Rust
 * @property {string} cargo
 * @property {string} rustc
 * @property {NodeJS.ProcessEnv} env what cargo needs to be told beside the caller's environment
 */

/** The toolchain a person has on PATH (rustup's or another). @type {Rust} */
const OWN = { cargo: "cargo", rustc: "rustc", env: {} };

/** The distribution's; Debian's linker for wasm is a package of its own, under a name with a version. */
const DEBIAN = {
  cargo: join(DEBIAN_BIN, "cargo"),
  rustc: join(DEBIAN_BIN, "rustc"),
  /** @returns {NodeJS.ProcessEnv} */
  get env() {
    const linker = onPath(DEBIAN_LINKER)[0];
    return {
      RUSTC: join(DEBIAN_BIN, "rustc"),
      ...(linker && { CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: linker }),
    };
  },
};

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
  if (onPath("rustc")[0] !== DEBIAN.rustc && hasWasmStd(OWN)) return OWN;
  if (isExecutable(DEBIAN.rustc) && isExecutable(DEBIAN.cargo) && hasWasmStd(DEBIAN)) return DEBIAN;
  return undefined;
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
  return buildDebianStd({ log, onLine });
}

/**
 * Debian ships the library's source but no wasm32 build of it: it is built once, into the sysroot.
 * @param {{ log: string, onLine: (line: string) => void }} tools
 */
async function buildDebianStd({ log, onLine }) {
  const crate = join(cacheDir, "debian-wasm-std");
  rmSync(crate, { recursive: true, force: true });
  mkdirSync(join(crate, "src"), { recursive: true });
  writeFileSync(
    join(crate, "Cargo.toml"),
    '[package]\nname = "empty"\nversion = "0.0.0"\nedition = "2024"\n\n[workspace]\n',
  );
  writeFileSync(join(crate, "src", "lib.rs"), "");
  const built = await runLogged(
    DEBIAN.cargo,
    [
      "build",
      "--release",
      `--target=${WASM_TARGET}`,
      "-Zbuild-std=std,panic_abort,panic_unwind,test,proc_macro",
      `--target-dir=${join(crate, "target")}`,
    ],
    {
      log,
      onLine,
      cwd: crate,
      env: { ...process.env, ...DEBIAN.env, RUSTC_BOOTSTRAP: "1", RUSTFLAGS: "-Cembed-bitcode=yes" },
    },
  );
  const folder = libraryFolder(DEBIAN);
  if (!built.ok || !folder) return false;
  const made = join(crate, "target", WASM_TARGET, "release", "deps");
  const libraries = readdirSync(made).filter(
    (name) => name.endsWith(".rlib") && !name.startsWith("libempty-"),
  );
  const copied = await copyIntoSysroot(libraries, made, folder, { log, onLine });
  rmSync(crate, { recursive: true, force: true });
  return copied && hasWasmStd(DEBIAN);
}

/**
 * @param {readonly string[]} names
 * @param {string} from
 * @param {string} to
 * @param {{ log: string, onLine: (line: string) => void }} tools
 */
async function copyIntoSysroot(names, from, to, { log, onLine }) {
  if (process.getuid?.() === 0) {
    mkdirSync(to, { recursive: true });
    for (const name of names) copyFileSync(join(from, name), join(to, name));
    return true;
  }
  const script = 'to=$1; shift; mkdir -p "$to" && cp "$@" "$to"';
  const files = names.map((name) => join(from, name));
  const { ok } = await runLogged("sudo", ["-n", "sh", "-c", script, "sh", to, ...files], { log, onLine });
  return ok;
}

/** The lowest Rust the crate compiles with. @param {string} manifest text of Cargo.toml */
export function rustVersionOf(manifest) {
  return /^rust-version\s*=\s*"([0-9.]+)"/m.exec(manifest)?.[1] ?? "1.95";
}

export const minimumRust = () => rustVersionOf(readFileSync(join(root, "Cargo.toml"), "utf8"));
