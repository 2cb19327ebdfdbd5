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
  const slimmed = slim([{ wasm: bytes }], glue);
  assert.doesNotMatch(slimmed.glue, /__wbg_add|jobsclient_run/);
  const { imports, run } = new Function(slimmed.glue)();
  const instance = new WebAssembly.Instance(
    new WebAssembly.Module(Uint8Array.from(slimmed.wasms[0] ?? [])),
    imports,
  );
  assert.equal(run(instance.exports, 4), 5);
  assert.ok("memory" in instance.exports);
});

test("what only the wasm has goes: exports nobody uses, imports nobody asks for", () => {
  const module = binaryen.parseText(`(module
    (import "./core_bg.js" "never" (func $never (param i32) (result i32)))
    (import "./core_bg.js" "asked" (func $asked (param i32) (result i32)))
    (func $run (export "run") (param i32) (result i32)
      (if (result i32) (call $asked (local.get 0)) (then (i32.const 1)) (else (call $never (local.get 0)))))
    (func $free (export "free")))`);
  module.setFeatures(binaryen.Features.MVP);
  const wasm = module.emitBinary();
  const slimmed = slim([{ wasm }], 'wasm.run(); "./core_bg.js": { asked: (n) => n }');
  const compiled = new WebAssembly.Module(Uint8Array.from(slimmed.wasms[0] ?? []));
  const { name = "" } = WebAssembly.Module.imports(compiled)[0] ?? {};
  assert.equal(WebAssembly.Module.imports(compiled).length, 1);
  assert.deepEqual(
    WebAssembly.Module.exports(compiled).map(({ name }) => `wasm.${name}();`),
    [/wasm\.\S+/.exec(slimmed.glue)?.[0]],
  );
  const { exports } = new WebAssembly.Instance(compiled, { w: { [name]: (/** @type {number} */ n) => n } });
  const [run] = /** @type {((n: number) => number)[]} */ (Object.values(exports));
  assert.equal(run?.(5), 1);
  assert.throws(() => run?.(0), WebAssembly.RuntimeError);
});

test("one glue fits several builds, whatever each had as names", () => {
  const compile = (/** @type {string} */ imported, /** @type {string} */ exported, more = "") => {
    const module = binaryen.parseText(`(module
      (import "./core_bg.js" "${imported}" (func $add (param i32) (result i32)))
      (func $run (export "${exported}") (param i32) (result i32) (call $add (local.get 0)))
      ${more})`);
    module.setFeatures(binaryen.Features.MVP);
    return module.emitBinary();
  };
  const glue = `const imports = { "./core_bg.js": { wbg_add: (n) => n + 1 } };
    const run = (wasm, n) => wasm.js_run(n); const more = (wasm) => wasm.js_more(); return { imports, run, more };`;
  const slimmed = slim(
    [
      { wasm: compile("wbg_add", "js_run") },
      {
        wasm: compile("add_7", "run_7", '(func (export "js_more") (result i32) (i32.const 3))'),
        renamed: new Map([
          ["add_7", "wbg_add"],
          ["run_7", "js_run"],
        ]),
      },
    ],
    glue,
  );
  const { imports, run, more } = new Function(slimmed.glue)();
  const [first, second] = slimmed.wasms.map(
    (wasm) => new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(wasm)), imports).exports,
  );
  assert.equal(run(first, 4), 5);
  assert.equal(run(second, 4), 5);
  assert.equal(more(second), 3);
});
