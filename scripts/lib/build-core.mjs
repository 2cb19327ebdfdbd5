/** From the crate to what the browser loads, in target/core: a wasm for each protocol, and the glue for all of them. */
import { execFile, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { arrange } from "./arrange.mjs";
import { coreDir, root, targetDir } from "./paths.mjs";
import { capture } from "./run.mjs";
import { hashOf, isFresh, markFresh } from "./stamp.mjs";
import { trimGlue } from "./trim-glue.mjs";
import { npmBin } from "./tools.mjs";
import { WASM_TARGET, wasmRust } from "./wasm-target.mjs";

/** What Rust's wasm32 target and wasm-bindgen emit, which wasm-opt must be told to accept. */
const FEATURES = [
  "--enable-bulk-memory",
  "--enable-bulk-memory-opt",
  "--enable-nontrapping-float-to-int",
  "--enable-sign-ext",
  "--enable-mutable-globals",
  "--enable-multivalue",
  "--enable-reference-types",
  "--enable-simd",
];

/**
 * What makes the wasm smallest. That traps never happen must not be assumed: a check of bounds ends in one. Memory
 * below 1024 is the far end of the stack, which lies first: no computed address leads there.
 */
const OPTIMISATIONS = [
  "--low-memory-unused",
  "--merge-similar-functions",
  ...["--flatten", "--rereloop", "-Oz", "-Oz", "--converge"],
];

/** The name of each wasm, and what is in it. */
export const BUILDS = [
  { name: "core", feature: "stream", protocol: "stream" },
  { name: "core-broadcast", feature: "broadcast", protocol: "broadcast" },
  { name: "core-socketio", feature: "socketio", protocol: "socket.io" },
];

/** Scripts that have a part in what is built, in the order in which they have it. */
const LINKER = ["linker.mjs", "wasm-object.mjs"].map((name) => join(root, "scripts/lib", name));
const OWN = ["build-core.mjs", "trim-glue.mjs", "glue.js", "slim.mjs", "arrange.mjs"];
const SCRIPTS = [...LINKER, ...OWN.map((name) => join(root, "scripts/lib", name))];

/** How cargo is told which linker to use for wasm32. */
const CARGO_LINKER = "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER";

/**
 * In cargo's form that lets a path hold spaces. Keeps the paths of the machine that builds out of what it ships, and
 * has cargo link again when the linker's scripts change: it does not look into a linker.
 */
function rustFlags() {
  const { CARGO_ENCODED_RUSTFLAGS: encoded, CARGO_HOME, RUSTFLAGS = "" } = process.env;
  return [
    ...(encoded?.split("\x1f") ?? RUSTFLAGS.split(" ")).filter(Boolean),
    `--remap-path-prefix=${CARGO_HOME ?? join(homedir(), ".cargo")}=cargo`,
    `--remap-path-prefix=${root}=.`,
    // Every browser of the README's list has it.
    "-Ctarget-feature=+simd128",
    `--cfg=linked_by="${hashOf(root, LINKER, [])}"`,
    "--check-cfg=cfg(linked_by, values(any()))",
  ].join("\x1f");
}

/**
 * Loaded when it is needed: binaryen is an npm dependency, which the first set-up has yet to install.
 * @param {readonly string[]} folders what wasm-bindgen made of each build
 */
async function slimmed(folders) {
  const { slim } = await import("./slim.mjs");
  const written = folders.map((folder) => readFileSync(join(folder, "core.js"), "utf8"));
  const { glue, renamed } = trimGlue(written);
  const wasms = folders.map((folder) => readFileSync(join(folder, "core_bg.wasm")));
  return slim(
    wasms.map((wasm, place) => ({ wasm, renamed: renamed[place] })),
    glue,
  );
}

/** The version of the package. */
export const packageVersion = () =>
  JSON.parse(readFileSync(join(root, "pkg-template", "package.json"), "utf8")).version;

/**
 * A custom section of a wasm, which may stand behind all others. Name and content together have at most 126 bytes, so
 * that each length is one byte.
 * @param {string} name
 * @param {string} content
 */
export function section(name, content = "") {
  const body = Buffer.concat([Buffer.of(name.length), Buffer.from(name), Buffer.from(content)]);
  if (body.length > 127) throw new Error(`The section "${name}" is too long.`);
  return Buffer.concat([Buffer.of(0, body.length), body]);
}

/**
 * Tells one build of the core from another: a hash of the glue and of each wasm.
 * @param {string} glue
 * @param {readonly Uint8Array[]} wasms
 */
function fingerprint(glue, wasms) {
  const hash = createHash("sha256").update(glue);
  for (const wasm of wasms) hash.update(wasm);
  return hash.digest("hex").slice(0, 16);
}

/**
 * Made small in two runs: the first one tells which functions resemble each other.
 * @param {Uint8Array} wasm
 * @param {string} base where files may be written, as the beginning of their names
 */
async function optimised(wasm, base) {
  const { textOf } = await import("./slim.mjs");
  const text = textOf(wasm);
  const run = async (/** @type {string} */ input, /** @type {readonly string[]} */ more) => {
    writeFileSync(`${base}.wat`, input);
    const strip = ["--strip-producers", "--strip-target-features"];
    await promisify(execFile)(npmBin("wasm-opt"), [
      ...[`${base}.wat`, ...FEATURES, ...OPTIMISATIONS, ...more, ...strip, "-o", `${base}.wasm`],
    ]);
    return readFileSync(`${base}.wasm`);
  };
  const named = await run(text, ["--debuginfo"]);
  return run(arrange(text, named), ["--reorder-functions-by-name", "--strip-debug"]);
}

/** The compiled library. @param {string} messages what cargo printed, one JSON object a line */
export function wasmArtifact(messages) {
  for (const line of messages.split("\n")) {
    if (!line.startsWith("{")) continue;
    const message = JSON.parse(line);
    if (message.reason !== "compiler-artifact" || !message.target.kind.includes("cdylib")) continue;
    const wasm = message.filenames.find((/** @type {string} */ name) => name.endsWith(".wasm"));
    if (wasm) return /** @type {string} */ (wasm);
  }
  throw new Error('cargo built no wasm library: Cargo.toml needs crate-type = ["cdylib", "rlib"].');
}

/**
 * Runs cargo and shows what it complains of.
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @returns what it printed
 */
function cargo([command = "", ...args], env = {}) {
  const rust = wasmRust();
  const locked = process.env.CI ? ["--locked"] : [];
  const result = spawnSync(rust.cargo, [command, ...locked, ...args], {
    cwd: root,
    env: { ...process.env, ...rust.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
    maxBuffer: 256 * 1024 * 1024,
  });
  if (result.status !== 0) throw new Error(`cargo ${command} failed: see its message above.`);
  return result.stdout;
}

/** Compiles the crate for one protocol. @param {string} feature @returns {string} the wasm */
function compile(feature) {
  // As cdylib alone: beside an rlib, which the tests need, cargo silently leaves link-time optimisation out.
  const args = ["rustc", "--release", "--lib", "--crate-type", "cdylib", "--target", WASM_TARGET];
  args.push("--no-default-features", "--features", feature, "--message-format=json-render-diagnostics");
  const messages = cargo(args, {
    CARGO_ENCODED_RUSTFLAGS: rustFlags(),
    [CARGO_LINKER]: linkerLauncher(),
    JOBWIRE_LINKER: process.env[CARGO_LINKER] || wasmRust().env[CARGO_LINKER] || "rust-lld",
  });
  return wasmArtifact(messages);
}

/**
 * wasm-bindgen, as a library in a crate of the workspace: no tool has to be installed for a build.
 * @param {string} wasm
 * @param {string} folder
 */
function bindgen(wasm, folder) {
  cargo(["run", "--quiet", "--package", "xtask", "--", "bindgen", wasm, folder]);
}

/** The linker's script as a program: with the Node that runs this, whatever the script's mode and PATH say. */
function linkerLauncher() {
  const launcher = join(targetDir, process.platform === "win32" ? "linker.cmd" : "linker");
  const command = `"${process.execPath}" "${LINKER[0]}"`;
  mkdirSync(targetDir, { recursive: true });
  writeFileSync(
    launcher,
    process.platform === "win32" ? `@${command} %*\r\n` : `#!/bin/sh\nexec ${command} "$@"\n`,
    {
      mode: 0o755,
    },
  );
  return launcher;
}

/** Hash of everything the core is made of. */
export function coreInputs() {
  return hashOf(
    root,
    [...["Cargo.toml", "Cargo.lock", ".cargo", "src", "crates"].map((path) => join(root, path)), ...SCRIPTS],
    [
      capture(wasmRust().rustc, ["-V"], { cwd: root }).out,
      capture(npmBin("wasm-opt"), ["--version"]).out,
      packageVersion(),
    ],
  );
}

/**
 * @param {(text: string) => void} say
 * @returns {Promise<{ inputs: string, built: boolean }>}
 */
export async function buildCore(say) {
  const stamp = join(targetDir, "core.stamp");
  const inputs = coreInputs();
  if (isFresh(stamp, inputs, [coreDir])) return { inputs, built: false };

  const work = join(targetDir, "core.build");
  const made = join(targetDir, "core.new");
  for (const folder of [work, made]) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
  }
  for (const { name, feature } of BUILDS) {
    say(`cargo rustc --release (wasm32, ${feature})`);
    const wasm = compile(feature);
    say("wasm-bindgen");
    bindgen(wasm, join(work, name));
  }

  say("trimmed glue, short names");
  const { wasms, glue } = await slimmed(BUILDS.map(({ name }) => join(work, name)));
  writeFileSync(join(made, "core.js"), glue);

  say("wasm-opt -Oz, like beside like");
  const small = await Promise.all(
    BUILDS.map(({ name }, place) => optimised(wasms[place] ?? new Uint8Array(), join(work, name))),
  );
  const build = { version: packageVersion(), hash: fingerprint(glue, small) };
  writeFileSync(join(made, "build.json"), JSON.stringify(build));
  BUILDS.forEach(({ name, protocol }, place) => {
    const wasm = Buffer.concat([
      small[place] ?? Buffer.of(),
      section(protocol),
      section("jobwire", JSON.stringify(build)),
    ]);
    writeFileSync(join(made, `${name}.wasm`), wasm);
    const base64 = gzipSync(wasm, { level: 9 }).toString("base64");
    writeFileSync(join(made, `${name}-wasm.js`), `export default "${base64}";\n`);
  });

  rmSync(coreDir, { recursive: true, force: true });
  renameSync(made, coreDir);
  markFresh(stamp, coreInputs(), [coreDir]);
  return { inputs: coreInputs(), built: true };
}
