import assert from "node:assert/strict";
import { test } from "node:test";
import binaryen from "binaryen";
import { isPanic, slim } from "./slim.mjs";

test("only functions that never return are taken for panics", () => {
  for (const name of [
    "core\\5bc5930c85a12de822\\5d::panicking::panic_fmt",
    "core[c5930c85a12de822]::slice::index::slice_index_fail",
    "core[c5930c85a12de822]::str::slice_error_fail",
    "alloc[3ca501edff3f0c7c]::raw_vec::handle_error",
    "<alloc[3ca501edff3f0c7c]::vec::Vec<_, _>>::remove::assert_failed",
    "__rustc[b7974e8690430dd9]::rust_begin_unwind",
    "core[c5930c85a12de822]::panicking::assert_failed::<usize, usize>",
  ]) {
    assert.ok(isPanic(name), name);
  }
  for (const name of [
    "<str>::split_at_checked",
    "jobwire::core::engine::Engine::fail::h417e8c07cae03a46",
    "core::str::count::do_count_chars",
    "std[a543996e6e7dbf1e]::panicking::panic_count::increase",
    "__rustc[b7974e8690430dd9]::__rdl_realloc",
  ]) {
    assert.ok(!isPanic(name), name);
  }
});

test("wasm and glue keep fitting together, and a panic still traps", () => {
  const module = binaryen.parseText(`(module
    (import "./core_bg.js" "__wbg_add_0123456789abcdef" (func $add (param i32) (result i32)))
    (memory (export "memory") 1)
    (func $core::panicking::panic (drop (call $add (i32.const 7))))
    (func $run (export "jobsclient_run") (param i32) (result i32)
      (if (i32.eqz (local.get 0)) (then (call $core::panicking::panic)))
      (call $add (local.get 0))))`);
  module.setFeatures(binaryen.Features.MVP);
  binaryen.setDebugInfo(true);
  const bytes = module.emitBinary();
  const glue = `const imports = { "./core_bg.js": { __wbg_add_0123456789abcdef: function (n) { return n + 1; } } };
    const run = (wasm, n) => wasm.jobsclient_run(n); return { imports, run };`;
  const slimmed = slim(bytes, glue);
  assert.equal(slimmed.panics, 1);
  assert.doesNotMatch(slimmed.glue, /__wbg_add|jobsclient_run/);
  const { imports, run } = new Function(slimmed.glue)();
  const instance = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(slimmed.wasm)), imports);
  assert.equal(run(instance.exports, 4), 5);
  assert.throws(() => run(instance.exports, 0), WebAssembly.RuntimeError);
  assert.ok("memory" in instance.exports);
});
