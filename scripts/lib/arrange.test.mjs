import assert from "node:assert/strict";
import { test } from "node:test";
import binaryen from "binaryen";
import { arrange } from "./arrange.mjs";

/** Functions that do the same with other numbers, and one of another kind between them. */
const TEXT = `(module
 (type $0 (func (param i32) (result i32)))
 (import "w" "a" (func $own (param i32) (result i32)))
 (table $0 2 2 funcref)
 (elem $0 (i32.const 0) $first $second)
 (export "run" (func $run))
 (func $first (param $0 i32) (result i32)
  (i32.mul (i32.add (i32.mul (local.get $0) (local.get $0)) (i32.const 1001)) (i32.const 7)))
 (func $run (param $0 i32) (result i32)
  (i32.add
   (call_indirect $0 (type $0) (local.get $0) (i32.const 1))
   (call $own (if (result i32) (local.get $0) (then (call $first (local.get $0))) (else (i32.const 5))))))
 (func $second (param $0 i32) (result i32)
  (i32.mul (i32.add (i32.mul (local.get $0) (local.get $0)) (i32.const 1001)) (i32.const 9)))
)`;

/** @param {string} text */
function compile(text) {
  const module = binaryen.parseText(text);
  binaryen.setDebugInfo(true);
  const bytes = Uint8Array.from(module.emitBinary());
  const canonical = module.emitText();
  module.dispose();
  return { bytes, canonical };
}

/** @param {Uint8Array<ArrayBuffer>} bytes */
function run(bytes) {
  const imports = { w: { a: (/** @type {number} */ n) => n + 1 } };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports);
  return [0, 3, 11].map((n) => /** @type {(n: number) => number} */ (exports.run)(n));
}

test("functions that resemble each other get names that follow each other, and do what they did", () => {
  const { bytes, canonical } = compile(TEXT);
  const arranged = arrange(canonical, bytes);
  const names = [...arranged.matchAll(/^ \(func (\$at\d+)/gm)].map(([, name]) => Number(name?.slice(3)));
  const [first = 0, other = 0, second = 0] = names;
  assert.equal(new Set(names).size, 3);
  assert.equal(Math.abs(first - second), 1);
  assert.ok(other !== 1);
  assert.deepEqual(run(compile(arranged).bytes), run(bytes));
});
