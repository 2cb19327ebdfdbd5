/**
 * Puts functions that resemble each other side by side: packed, the wasm is smaller by almost a percent for it.
 *
 * Their names say where they go: wasm-opt puts them in that order, as the last thing it does.
 */
import { deflateRawSync } from "node:zlib";

/** How many bytes in a row are compared, and with how many of the functions before: what is tried. */
const RUNS = [3, 4, 5];
const LOOKBACKS = [1, 4, 8];
/** How often a few functions are put elsewhere, to see whether that is better. */
const TRIALS = 400;

/** Where wasm's text format names a function, but for the list of a table. */
const NAMED = /(\(func |\(call |\(return_call |\(ref\.func |\(start |\(export "[^"]*" \(func )(\$[^\s()]+)/g;
const LISTED = /^( \(elem .*\)(?: func)? )(\$.*)$/gm;

const CODE = 10;
const IMPORTS = 2;
const CUSTOM = 0;
const FUNCTION_NAMES = 1;

/** What a wasm consists of, read from its beginning. */
class Reader {
  at = 0;

  /** @param {Buffer} bytes */
  constructor(bytes) {
    this.bytes = bytes;
  }
  get more() {
    return this.at < this.bytes.length;
  }
  byte() {
    return this.bytes.readUInt8(this.at++);
  }
  number() {
    for (let value = 0, unit = 1; ; unit *= 128) {
      const byte = this.byte();
      value += (byte % 128) * unit;
      if (byte < 128) return value;
    }
  }
  /** So many bytes, as its length in front of it says. */
  part() {
    const length = this.number();
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
  text() {
    return this.part().toString();
  }
}

/** How many functions the imports are, of which only functions are numbered. @param {Reader} section */
function countImports(section) {
  const count = section.number();
  for (let done = 0; done < count; done++) {
    section.part();
    section.part();
    if (section.byte() !== 0)
      throw new Error("The wasm imports more than functions: see scripts/lib/arrange.mjs.");
    section.number();
  }
  return count;
}

/** @param {Reader} section the name section @returns {Map<number, string>} */
function namesIn(section) {
  const names = new Map();
  while (section.more) {
    const kind = section.byte();
    const part = new Reader(section.part());
    if (kind !== FUNCTION_NAMES) continue;
    for (let left = part.number(); left > 0; left--) names.set(part.number(), part.text());
  }
  return names;
}

/** Name, where there is one, and code of each function. @param {Uint8Array} wasm */
function functionsOf(wasm) {
  const reader = new Reader(Buffer.from(wasm));
  reader.at = 8;
  let imports = 0;
  /** @type {Map<number, string>} */
  let names = new Map();
  /** @type {Buffer[]} */
  const codes = [];
  while (reader.more) {
    const kind = reader.byte();
    const section = new Reader(reader.part());
    if (kind === IMPORTS) imports = countImports(section);
    if (kind === CODE) for (let left = section.number(); left > 0; left--) codes.push(section.part());
    if (kind === CUSTOM && section.text() === "name") names = namesIn(section);
  }
  return codes.map((code, place) => ({ name: names.get(imports + place), code }));
}

/**
 * How much of each function's code is in each other's; what few have says more.
 * @param {readonly Buffer[]} codes
 * @param {number} length of what is compared
 */
function likenesses(codes, length) {
  /** @type {Map<string, Set<number>>} */
  const holders = new Map();
  codes.forEach((code, place) => {
    for (let at = 0; at + length <= code.length; at++) {
      const run = code.toString("latin1", at, at + length);
      holders.set(run, (holders.get(run) ?? new Set()).add(place));
    }
  });
  const likeness = codes.map(() => new Float64Array(codes.length));
  for (const places of holders.values()) {
    const weight = Math.log(codes.length / places.size);
    for (const one of places) {
      const row = likeness[one];
      if (row) for (const other of places) row[other] = (row[other] ?? 0) + weight;
    }
  }
  return likeness;
}

/**
 * The places of functions in an order in which each resembles those before; the shortest one first.
 * @param {readonly Buffer[]} codes
 * @param {readonly Float64Array[]} likeness
 * @param {number} lookback
 */
function chain(codes, likeness, lookback) {
  const size = (/** @type {number} */ place) => codes[place]?.length ?? 0;
  const left = new Set(codes.keys());
  /** @type {number[]} */
  const chosen = [];
  /** @type {number | undefined} */
  let next = [...left].sort((one, other) => size(one) - size(other))[0];
  while (next !== undefined) {
    left.delete(next);
    chosen.push(next);
    next = undefined;
    let most = -1;
    for (const place of left) {
      let sum = 0;
      chosen.slice(-lookback).forEach((before, weight) => {
        sum += (weight + 1) * (likeness[before]?.[place] ?? 0);
      });
      sum /= Math.sqrt(size(place));
      if (sum > most) [most, next] = [sum, place];
    }
  }
  return chosen;
}

/** The best order that is found, the same every time. @param {readonly Buffer[]} codes */
function bestOrder(codes) {
  const packed = (/** @type {readonly number[]} */ order) =>
    deflateRawSync(Buffer.concat(order.map((place) => codes[place] ?? Buffer.of())), { level: 9 }).length;
  const orders = RUNS.flatMap((run) => {
    const likeness = likenesses(codes, run);
    return LOOKBACKS.map((lookback) => chain(codes, likeness, lookback));
  });
  let best = [...codes.keys()];
  let least = packed(best);
  const consider = (/** @type {number[]} */ order) => {
    const size = packed(order);
    if (size < least) [least, best] = [size, order];
  };
  orders.forEach(consider);
  let random = 1;
  const below = (/** @type {number} */ end) => {
    random = (random * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((random / 2 ** 31) * end);
  };
  for (let trial = 0; trial < TRIALS; trial++) {
    const order = [...best];
    const moved = order.splice(below(order.length), 1 + below(3));
    order.splice(below(order.length + 1), 0, ...moved);
    consider(order);
  }
  return best;
}

/**
 * @param {string} text a wasm in text format
 * @param {Uint8Array} optimised what wasm-opt made of it, with the names of functions
 * @returns {string} the text, with names whose order is that of the functions
 */
export function arrange(text, optimised) {
  const functions = functionsOf(optimised);
  /** @type {Map<string, string>} */
  const renamed = new Map();
  for (const place of bestOrder(functions.map(({ code }) => code))) {
    const name = functions[place]?.name;
    if (name) renamed.set(`$${name}`, `$at${String(renamed.size).padStart(6, "0")}`);
  }
  const rename = (/** @type {string} */ name) => renamed.get(name) ?? name;
  return text
    .replace(NAMED, (_, before, name) => before + rename(name))
    .replace(LISTED, (_, before, list) => before + list.replace(/\$[^\s()]+/g, rename));
}
