import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { beforeEach, test } from "node:test";

const NAMES = [
  ...["init", "JobsClient", "passText", "passTextOf", "getStringFromWasm0"],
  ...["handleError", "makeClosure", "makeMutClosure", "takeFromExternrefTable0"],
];
const code = readFileSync(new URL("./glue.js", import.meta.url), "utf8").replace(/^export (default )?/gm, "");

/** What the wasm was asked for. @type {unknown[][]} */
let asked = [];
/** @type {Record<string, any>} */
let wasm = {};
/** @type {Record<string, any>} */
let glue = {};

beforeEach(async () => {
  asked = [];
  const memory = new WebAssembly.Memory({ initial: 1 });
  let end = 8;
  /** Like Rust's allocator, which may have to let the memory grow. @param {number} size */
  const allocate = (size) => {
    const place = end;
    end += size;
    while (end > memory.buffer.byteLength) memory.grow(1);
    return place;
  };
  /** @param {string} name */
  const noted =
    (name) =>
    (/** @type {unknown[]} */ ...args) => {
      asked.push([name, ...args]);
      return 77;
    };
  /** @type {unknown[]} */
  const table = [];
  wasm = {
    memory,
    __wbindgen_start: noted("start"),
    __wbindgen_malloc: allocate,
    __wbindgen_realloc: (
      /** @type {number} */ from,
      /** @type {number} */ old,
      /** @type {number} */ size,
    ) => {
      const place = allocate(size);
      new Uint8Array(memory.buffer).copyWithin(place, from, from + Math.min(old, size));
      return place;
    },
    __wbindgen_destroy_closure: noted("destroy"),
    __wbindgen_exn_store: noted("store"),
    __externref_table_alloc: () => table.length,
    __externref_table_dealloc: noted("dealloc"),
    __wbindgen_externrefs: {
      set: (/** @type {number} */ place, /** @type {unknown} */ value) => (table[place] = value),
      get: (/** @type {number} */ place) => table[place],
    },
    jobsclient_new: noted("new"),
    jobsclient_post: noted("post"),
    __wbg_jobsclient_free: noted("free"),
  };
  const instantiate = () => Promise.resolve({ exports: wasm });
  glue = new Function("WebAssembly", "__wbg_get_imports", `${code}; return { ${NAMES.join(", ")} };`)(
    { instantiate },
    () => ({}),
  );
  await glue.init();
});

/** The text at a place and of a length. @param {unknown} place @param {unknown} size */
const read = (place, size) =>
  new TextDecoder().decode(new Uint8Array(wasm.memory.buffer, Number(place), Number(size)));

test("the driver hands over numbers and texts, none as address 0", () => {
  assert.deepEqual(asked, [["start"]]);
  const [sink, http] = [() => {}, { startRequest: () => {} }];
  const client = new glue.JobsClient("[]", 5, sink, http);
  const [, place, size, ...rest] = asked[1] ?? [];
  assert.equal(read(place, size), "[]");
  assert.deepEqual(rest, [5, sink, http]);

  client.post(9, 3, "prögress", -1, undefined, "schlüssel".repeat(9000));
  const [, own, message, n, text, textSize, maxAge, data, , key, keySize] = asked[2] ?? [];
  assert.deepEqual([own, message, n, maxAge, data], [77, 9, 3, -1, 0]);
  assert.equal(read(text, textSize), "prögress");
  assert.equal(read(key, keySize), "schlüssel".repeat(9000));

  client.free();
  assert.deepEqual(asked[3], ["free", 77, 0]);
});

test("texts of every kind and length come out as they went in, also after memory has grown", () => {
  for (const text of [
    "",
    "a",
    "a".repeat(255),
    "a".repeat(256),
    "a".repeat(300_000),
    "é",
    "aé💡",
    "💡".repeat(70_000),
  ]) {
    glue.passTextOf(0, text);
    const [place, size] = new Uint32Array(wasm.memory.buffer, 0, 2);
    assert.equal(read(place, size), text);
    assert.equal(glue.getStringFromWasm0(place, size), text);
  }
  for (const value of [5, null, undefined, {}]) {
    glue.passTextOf(0, value);
    assert.equal(new Uint32Array(wasm.memory.buffer)[0], 0);
  }
});

test("the first text that is read may be empty", () => {
  assert.equal(glue.getStringFromWasm0(1, 0), "");
});

test("what an import throws waits for Rust", () => {
  const error = new Error("no");
  const failing = glue.handleError(() => {
    throw error;
  });
  assert.equal(failing(), undefined);
  const place = asked.at(-1)?.[1];
  assert.equal(asked.at(-1)?.[0], "store");
  assert.equal(glue.takeFromExternrefTable0(place), error);
  assert.deepEqual(asked.at(-1), ["dealloc", place]);
  assert.equal(glue.handleError((/** @type {number} */ n) => n + 1)(2), 3);
});

test("a closure lives until it is dropped, or to the end of a call during which it is", () => {
  /** @type {unknown[][]} */
  const calls = [];
  const real = glue.makeClosure(40, 2, (/** @type {unknown[]} */ ...args) => {
    calls.push(args);
    if (args[2] === "drop") real.$u();
    if (args[2] === "again") real("within");
  });
  real("again");
  assert.deepEqual(calls, [
    [40, 2, "again"],
    [40, 2, "within"],
  ]);
  assert.equal(asked.length, 1);
  real("drop");
  assert.deepEqual(asked.slice(1), [["destroy", 40, 2]]);
  real("late");
  assert.deepEqual(calls.at(-1), [0, 2, "late"]);
  // Rust knows address 0 as what is gone already.
  assert.deepEqual(asked.slice(2), [["destroy", 0, 2]]);
});

test("a closure that changes what it holds is called by address 0 from within itself", () => {
  /** @type {unknown[]} */
  const places = [];
  const real = glue.makeMutClosure(
    40,
    2,
    (/** @type {number} */ place, /** @type {number} */ _, /** @type {boolean} */ again) => {
      places.push(place);
      if (again) real(false);
      else throw new Error("recursive");
    },
  );
  assert.throws(() => real(true), /recursive/);
  assert.throws(() => real(false), /recursive/);
  assert.deepEqual(places, [40, 0, 40]);
  real.$u();
  assert.deepEqual(asked.at(-1), ["destroy", 40, 2]);
});
