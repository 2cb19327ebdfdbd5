import assert from "node:assert/strict";
import { test } from "node:test";
import binaryen from "binaryen";
import { slim } from "./slim.mjs";

test("wasm and glue keep fitting together", () => {
  const module = binaryen.parseText(`(module
    (import "./core_bg.js" "__wbg_add_0123456789abcdef" (func $add (param i32) (result i32)))
    (memory (export "memory") 1)
    (func $run (export "jobsclient_run") (param i32) (result i32)
      (call $add (local.get 0))))`);
  module.setFeatures(binaryen.Features.MVP);
  const bytes = module.emitBinary();
  const glue = `const imports = { "./core_bg.js": { __wbg_add_0123456789abcdef: function (n) { return n + 1; } } };
    const run = (wasm, n) => wasm.jobsclient_run(n); return { imports, run };`;
  const slimmed = slim(bytes, glue);
  assert.doesNotMatch(slimmed.glue, /__wbg_add|jobsclient_run/);
  const { imports, run } = new Function(slimmed.glue)();
  const instance = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(slimmed.wasm)), imports);
  assert.equal(run(instance.exports, 4), 5);
  assert.ok("memory" in instance.exports);
});
