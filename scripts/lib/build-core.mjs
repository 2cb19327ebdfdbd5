/** From the crate to what the browser loads: wasm, glue and types, in target/core. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { coreDir, root, targetDir } from "./paths.mjs";
import { capture } from "./run.mjs";
import { hashOf, isFresh, markFresh } from "./stamp.mjs";
import { trimGlue } from "./trim-glue.mjs";
import { findWasmBindgen, npmBin, wasmBindgen } from "./tools.mjs";
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

/** Scripts that have a part in what is built, in the order in which they have it. */
const LINKER = ["linker.mjs", "wasm-object.mjs"].map((name) => join(root, "scripts/lib", name));
const OWN = ["build-core.mjs", "trim-glue.mjs", "glue.js", "slim.mjs"];
const SCRIPTS = [...LINKER, ...OWN.map((name) => join(root, "scripts/lib", name))];

/** How cargo is told which linker to use for wasm32. */
const CARGO_LINKER = "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER";

const TEXT_MODULE_TYPES = "declare const text: string;\nexport default text;\n";

/**
 * Runs a tool of the build; on failure its output is the error.
 * @param {string} command
 * @param {readonly string[]} args
 */
function must(command, args) {
  const result = capture(command, args, { cwd: root });
  if (!result.ok) throw new Error(`${command} ${args.join(" ")}\n${result.err}`);
}

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
    `--cfg=linked_by="${hashOf(root, LINKER, [])}"`,
    "--check-cfg=cfg(linked_by, values(any()))",
  ].join("\x1f");
}

/**
 * Loaded when it is needed: binaryen is an npm dependency, which the first set-up has yet to install.
 * @param {string} wasm
 * @param {string} glue
 */
async function slimmedCopy(wasm, glue) {
  const { slim } = await import("./slim.mjs");
  return slim(readFileSync(wasm), trimGlue(readFileSync(glue, "utf8")));
}

/**
 * As a browser unpacks it, but 5 % smaller than zlib packs it. Loaded when it is needed, likewise.
 * @param {Uint8Array} bytes
 */
async function packed(bytes) {
  const { default: zopfli } = await import("@gfx/zopfli");
  return Buffer.from(await zopfli.gzipAsync(bytes, { numiterations: 15 }));
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
    [...["Cargo.toml", "Cargo.lock", ".cargo", "src"].map((path) => join(root, path)), ...SCRIPTS],
    [
      wasmBindgen(),
      capture(wasmRust().rustc, ["-V"], { cwd: root }).out,
      capture(npmBin("wasm-opt"), ["--version"]).out,
      readFileSync(join(root, "node_modules/@gfx/zopfli/package.json"), "utf8"),
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

  const rust = wasmRust();
  say("cargo rustc --release (wasm32)");
  // As cdylib alone: beside an rlib, which the tests need, cargo silently leaves link-time optimisation out.
  const cargoArgs = ["rustc", "--release", "--lib", "--crate-type", "cdylib", "--target", WASM_TARGET];
  if (process.env.CI) cargoArgs.push("--locked");
  const env = { ...process.env, ...rust.env };
  const cargo = spawnSync(rust.cargo, [...cargoArgs, "--message-format=json-render-diagnostics"], {
    cwd: root,
    env: {
      ...env,
      CARGO_ENCODED_RUSTFLAGS: rustFlags(),
      [CARGO_LINKER]: linkerLauncher(),
      JOBWIRE_LINKER: env[CARGO_LINKER] || "rust-lld",
    },
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
    maxBuffer: 256 * 1024 * 1024,
  });
  if (cargo.status !== 0)
    throw new Error("The crate does not compile for wasm32: see cargo's message above.");
  const wasm = wasmArtifact(cargo.stdout);

  const bindgen = findWasmBindgen();
  if (!bindgen) throw new Error(`wasm-bindgen ${wasmBindgen()} is missing: run "npm run setup".`);
  const made = join(targetDir, "core.new");
  rmSync(made, { recursive: true, force: true });
  mkdirSync(made, { recursive: true });
  say("wasm-bindgen");
  must(bindgen, [
    ...["--target", "web", "--omit-default-module-path", "--out-name", "core", "--out-dir", made],
    ...["--remove-producers-section", wasm],
  ]);

  say("trimmed glue, short names");
  const linked = join(made, "core_bg.wasm");
  const glue = join(made, "core.js");
  const slimmed = await slimmedCopy(linked, glue);
  writeFileSync(linked, slimmed.wasm);
  writeFileSync(glue, slimmed.glue);

  say("wasm-opt -Oz");
  const optimised = join(made, "core.wasm");
  must(npmBin("wasm-opt"), [
    linked,
    ...FEATURES,
    ...OPTIMISATIONS,
    ...["--strip-debug", "--strip-producers", "--strip-target-features", "-o", optimised],
  ]);
  const base64 = (await packed(readFileSync(optimised))).toString("base64");
  writeFileSync(join(made, "core-wasm.js"), `export default "${base64}";\n`);
  writeFileSync(join(made, "core-wasm.d.ts"), TEXT_MODULE_TYPES);
  writeFileSync(join(made, "core-worker.d.ts"), TEXT_MODULE_TYPES);
  for (const name of ["core_bg.wasm", "core_bg.wasm.d.ts"]) rmSync(join(made, name), { force: true });

  rmSync(coreDir, { recursive: true, force: true });
  renameSync(made, coreDir);
  markFresh(stamp, coreInputs(), [coreDir]);
  return { inputs: coreInputs(), built: true };
}
