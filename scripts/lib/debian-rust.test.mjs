import assert from "node:assert/strict";
import { copyFileSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { makeSysroot } from "./debian-rust.mjs";
import { capture } from "./run.mjs";
import { WASM_TARGET, wasmRust } from "./wasm-target.mjs";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "jobwire-sysroot-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** @param {string} from */
const names = (from) => readdirSync(from, { recursive: true }).map(String).sort();

test("the sysroot links to what the system has and holds the new library; the system is left as it is", () => {
  const system = join(folder, "system");
  mkdirSync(join(system, "lib", "rustlib", "host", "lib"), { recursive: true });
  writeFileSync(join(system, "lib", "rustlib", "host", "lib", "libstd-1.rlib"), "host");
  writeFileSync(join(folder, "libstd-2.rlib"), "wasm");
  const before = names(system);
  const to = join(folder, "cache", "a sysroot");
  const parts = { rustc: "/bin/echo", from: system, to, target: "wasm" };
  makeSysroot({ ...parts, libraries: [join(folder, "libstd-2.rlib")] });
  assert.deepEqual(names(system), before);
  assert.ok(lstatSync(join(to, "lib", "rustlib", "host")).isSymbolicLink());
  assert.deepEqual(readdirSync(join(to, "lib", "rustlib", "wasm", "lib")), ["libstd-2.rlib"]);
  assert.equal(capture(join(to, "bin", "rustc"), ["-V"]).out, `--sysroot ${to} -V\n`);
  // A sysroot of before is replaced as a whole.
  makeSysroot({ ...parts, libraries: [] });
  assert.deepEqual(readdirSync(join(to, "lib", "rustlib", "wasm", "lib")), []);
});

test("a compiler with such a sysroot compiles for its own system and for wasm32", () => {
  const { rustc } = wasmRust();
  const from = capture(rustc, ["--print", "sysroot"]).out.trim();
  const real = join(from, "bin", "rustc");
  const present = join(from, "lib", "rustlib", WASM_TARGET, "lib");
  const libraries = readdirSync(present).map((name) => {
    const copy = join(folder, name);
    copyFileSync(join(present, name), copy);
    return copy;
  });
  const to = join(folder, "sysroot");
  makeSysroot({ rustc: real, from, to, target: WASM_TARGET, libraries });
  const compiler = join(to, "bin", "rustc");
  assert.equal(capture(compiler, ["--print", "sysroot"]).out.trim(), to);
  const source = join(folder, "main.rs");
  writeFileSync(source, 'fn main() { println!("{}", vec![1].len()); }\n');
  for (const target of [[], ["--target", WASM_TARGET]]) {
    const { ok, err } = capture(compiler, [...target, "--emit=metadata", "-o", join(folder, "out"), source]);
    assert.ok(ok, err);
  }
});
