import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { section, wasmArtifact } from "./build-core.mjs";
import { lastLine, runShown } from "./run.mjs";
import { table, weigh } from "./size.mjs";

test("cargo's own words tell where the library is, wherever the target folder is", () => {
  const artifact = (/** @type {string[]} */ kind, /** @type {string[]} */ filenames) =>
    JSON.stringify({ reason: "compiler-artifact", target: { kind }, filenames });
  const messages = [
    artifact(["lib"], ["/t/libserde.rlib"]),
    "plain text of a build script",
    artifact(["cdylib", "rlib"], ["/t/libjobwire.rlib", "/t/jobwire.wasm"]),
  ].join("\n");
  assert.equal(wasmArtifact(messages), "/t/jobwire.wasm");
  assert.throws(() => wasmArtifact(""), /crate-type/);
});

test("what a wasm says of itself stands behind its code, and is short", async () => {
  const empty = Buffer.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  const build = JSON.stringify({ version: "10.20.30-beta.40", hash: "0123456789abcdef" });
  const module = await WebAssembly.compile(
    Buffer.concat([empty, section("socket.io"), section("jobwire", build)]),
  );
  const found = (/** @type {string} */ name) =>
    WebAssembly.Module.customSections(module, name).map((bytes) => Buffer.from(bytes).toString());
  assert.deepEqual(["socket.io", "jobwire", "stream"].map(found), [[""], [build], []]);
  assert.throws(() => section("jobwire", "x".repeat(120)), /too long/);
});

test("the last line of a program's output is what a person would read", () => {
  assert.equal(lastLine("one\n\u001b[32mtwo\u001b[0m\r\n\n"), "two");
  assert.equal(lastLine("10 %\r20 %\r"), "20 %");
  assert.equal(lastLine("\n"), undefined);
});

test("a program that takes too long is ended, and has failed", async () => {
  const passed = await runShown(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { limitMs: 300 });
  assert.equal(passed, false);
});

test("sizes add up and line up", () => {
  const folder = mkdtempSync(join(tmpdir(), "jobwire-size-"));
  const file = join(folder, "a.js");
  writeFileSync(file, "a".repeat(1000));
  const [one, two] = [weigh([file]), weigh([file, file])];
  rmSync(folder, { recursive: true });
  assert.equal(one.raw, 1000);
  assert.ok(one.gzip < 100 && one.brotli < 100);
  assert.deepEqual([two.raw, two.brotli], [2000, 2 * one.brotli]);
  const lines = table({ wasm: one, total: two }).split("\n");
  assert.equal(new Set(lines.map((line) => line.length)).size, 1);
});
