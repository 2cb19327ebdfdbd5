import assert from "node:assert/strict";
import { test } from "node:test";
import { isPanic, withoutPanics } from "./wasm-object.mjs";

test("only functions that never return are taken for panics", () => {
  for (const name of [
    "_RNvNtCsgXGp5Oqx2Ny_4core9panicking9panic_fmt",
    "_RNvNtNtCsgXGp5Oqx2Ny_4core9panicking11panic_const23panic_const_div_by_zero",
    "_RINvNtCsgXGp5Oqx2Ny_4core9panicking13assert_failedjjEB4_",
    "_RNvNtNtCsgXGp5Oqx2Ny_4core5slice5index16slice_index_fail",
    "_RNvNvMs_NtCs5cOc02OMXlo_5alloc3vecINtB6_3VecppE6remove13assert_failed",
    "_RNvNtCs5cOc02OMXlo_5alloc7raw_vec12handle_error",
    "_RNvCsfLfy6EI15iL_7___rustc17rust_begin_unwind",
    "_RNvCsfLfy6EI15iL_7___rustc26___rust_alloc_error_handler",
    "_ZN4core9panicking5panic17h0123456789abcdefE",
    "_ZN4core6result13unwrap_failed17h0123456789abcdefE",
  ]) {
    assert.ok(isPanic(name), name);
  }
  for (const name of [
    "_RNvMNtCs5cOc02OMXlo_5alloc6stringNtB2_6String13with_capacity",
    "_RNvNtNtCsgXGp5Oqx2Ny_4core3str5count14do_count_chars",
    "_RNvNtNtCsebHcaeoSrxy_3std9panicking11panic_count8increase",
    "_RNvMs_NtCs5cOc02OMXlo_5alloc3vecINtB6_3VecppE6remove",
    "_RNvCsfLfy6EI15iL_7___rustc14___rust_realloc",
    "_ZN7jobwire4core9panicking5panic17h0123456789abcdefE",
    "_ZN7jobwire4core6engine6Engine4fail17h417e8c07cae03a46E",
    "memcpy",
    "",
  ]) {
    assert.ok(!isPanic(name), name);
  }
});

const PANIC = "_ZN4core9panicking5panic17h0123456789abcdefE";
const RELOCATIONS = { call: 0, address: 4 };

/** Where the bodies of the two functions begin in the object file below, in its code section. */
const BODY_OF_PANIC = 2;
const BODY_OF_RUN = 12;

/** @param {string} text */
const named = (text) => [text.length, ...Buffer.from(text)];
/** @param {number} id @param {number[]} content */
const section = (id, content) => [id, content.length, ...content];
/** A number in the five bytes a relocation needs. @param {number} number */
const padded = (number) => [number | 128, 128, 128, 128, 0];

/**
 * An object file of three functions: `panic`, which refers to data; `run`, which panics with a constant when it is
 * given 0, and calls `keep` with one else; and `keep`, which returns what it is given.
 */
function objectFile() {
  const panic = [0, 0x41, ...padded(64), 0x1a, 0x0b];
  const run = [
    ...[0, 0x20, 0, 0x45, 0x04, 0x40],
    ...[0x41, ...padded(65), 0x41, 7, 0x10, ...padded(0), 0x00, 0x0b],
    ...[0x41, ...padded(66), 0x10, ...padded(2), 0x0b],
  ];
  const keep = [0, 0x20, 0, 0x0b];
  const bodies = [panic, run, keep].map((body) => [body.length, ...body]);
  const code = [3, ...bodies.flat()];
  /** @param {number} kind @param {number} offset @param {number} symbol */
  const entry = (kind, offset, symbol) => [
    kind,
    offset,
    symbol,
    ...(kind === RELOCATIONS.address ? [0] : []),
  ];
  const entries = [
    entry(RELOCATIONS.address, BODY_OF_PANIC + 2, 3),
    entry(RELOCATIONS.address, BODY_OF_RUN + 7, 3),
    entry(RELOCATIONS.call, BODY_OF_RUN + 15, 0),
    entry(RELOCATIONS.address, BODY_OF_RUN + 23, 3),
    entry(RELOCATIONS.call, BODY_OF_RUN + 29, 2),
  ];
  const symbols = [
    4,
    ...[PANIC, "run", "keep"].flatMap((name, index) => [0, 0, index, ...named(name)]),
    ...[1, 0, ...named("text"), 0, 0, 1],
  ];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [2, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 2, 0x7f, 0x7f, 0]),
    ...section(3, [3, 1, 0, 0]),
    ...section(7, [2, ...named("run"), 0, 1, ...named("panic"), 0, 0]),
    ...section(10, code),
    ...section(0, [...named("linking"), 2, 8, symbols.length, ...symbols]),
    ...section(0, [...named("reloc.CODE"), 3, entries.length, ...entries.flat()]),
  ]);
}

test("a panic becomes a trap that refers to nothing, and nothing is kept for its sake", () => {
  const before = objectFile();
  const { object, panics } = withoutPanics(before);
  assert.equal(panics, 1);
  /** @type {any} */
  const { run, panic } = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(object))).exports;
  assert.throws(() => panic(1, 2), /unreachable/);
  assert.throws(() => run(0), /unreachable/);
  assert.equal(run(1), 66, "what does not panic is as it was");
  const relocations = [...object.subarray(Buffer.from(object).indexOf("reloc.CODE") + "reloc.CODE".length)];
  const call = [RELOCATIONS.call, BODY_OF_RUN + 15, 0];
  const others = [RELOCATIONS.address, BODY_OF_RUN + 23, 3, 0, RELOCATIONS.call, BODY_OF_RUN + 29, 2];
  assert.deepEqual(relocations, [3, 3, ...call, ...others]);
});

test("an object file without code is left alone", () => {
  const empty = Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  assert.deepEqual(withoutPanics(empty), { object: empty, panics: 0 });
});
