/* eslint-disable no-undef, @typescript-eslint/no-unused-vars -- Much of this is for the imports, which are missing here. */
/**
 * What the glue consists of besides the imports that wasm-bindgen writes: trim-glue.mjs puts those behind it and makes
 * one function of all, so that a page can have the core of each protocol. It does what wasm-bindgen's own runtime does, for this core alone: the page frees its client; the wasm comes
 * compiled; the core drops the closures it has made, so none is left to the garbage collector.
 */

/** From this length on the browser's encoder is faster than a loop. */
const LONG_TEXT = 256;

/** The message that is an attachment: the glue does not look at others. */
const ATTACH = 23;

/** Safari's decoder fails after 2 GiB: a new one takes over before. */
const DECODABLE = 2 ** 31 - 2 ** 20;

const encoder = new TextEncoder();
let decoder;
let decoded = DECODABLE;

let wasm;
let bytes;
/** Of the text passed last. */
let length;

async function init(module) {
  wasm = (await WebAssembly.instantiate(module, __wbg_get_imports())).exports;
  bytes = new Uint8Array(wasm.memory.buffer);
  wasm.__wbindgen_start();
}

class JobsClient {
  constructor(config, seed, sink, http) {
    this.$p = wasm.jobsclient_new(passText(config), length, seed, sink, http);
  }
  post(message, n, text, maxAge, data, supersede) {
    if (message === ATTACH) return wasm.jobsclient_attach(this.$p, n);
    wasm.jobsclient_post(
      ...[this.$p, message, n, passText(text), length, maxAge],
      ...[passText(data), length, passText(supersede), length],
    );
  }
  /** To be called once, when no method is running; none may be called afterwards. */
  free() {
    wasm.__wbg_jobsclient_free(this.$p, 0);
  }
}

/** The memory as it is: an array of memory that has grown since is empty. */
const memory = () => (bytes.length ? bytes : (bytes = new Uint8Array(wasm.memory.buffer)));

/** Copies a text into memory, which then belongs to Rust. No text is at address 0. */
function passText(text) {
  if (text === undefined || text === null) return 0;
  let size = text.length;
  let place = wasm.__wbindgen_malloc(size, 1) >>> 0;
  const target = memory();
  let offset = 0;
  for (; offset < size && size < LONG_TEXT; offset++) {
    const code = text.charCodeAt(offset);
    if (code > 127) break;
    target[place + offset] = code;
  }
  if (offset !== size) {
    const rest = text.slice(offset);
    place = wasm.__wbindgen_realloc(place, size, (size = offset + rest.length * 3), 1) >>> 0;
    offset += encoder.encodeInto(rest, memory().subarray(place + offset, place + size)).written;
    place = wasm.__wbindgen_realloc(place, size, offset, 1) >>> 0;
  }
  length = offset;
  return place;
}

/** Writes where a value's text is and how long; address 0 for what is no text. */
function passTextOf(target, value) {
  const place = passText(typeof value === "string" ? value : null);
  const view = new DataView(wasm.memory.buffer);
  view.setInt32(target >>> 0, place, true);
  view.setInt32((target >>> 0) + 4, length, true);
}

const getArrayU8FromWasm0 = (place, size) => memory().subarray((place >>>= 0), place + size);

function getStringFromWasm0(place, size) {
  decoded += size;
  if (decoded >= DECODABLE) {
    decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    decoded = size;
  }
  return decoder.decode(getArrayU8FromWasm0(place, size));
}

function addToExternrefTable0(value) {
  const place = wasm.__externref_table_alloc();
  wasm.__wbindgen_externrefs.set(place, value);
  return place;
}

function takeFromExternrefTable0(place) {
  const value = wasm.__wbindgen_externrefs.get(place);
  wasm.__externref_table_dealloc(place);
  return value;
}

/** An import that tells Rust of what it throws. */
const handleError =
  (call) =>
  (...args) => {
    try {
      return call(...args);
    } catch (error) {
      wasm.__wbindgen_exn_store(addToExternrefTable0(error));
    }
  };

/**
 * A closure of Rust as a function. It lives until Rust drops it, or to the end of a call during which that happens.
 * What it changes cannot be changed by a call from within: for Rust such a call, like one too late, is one of address 0.
 */
function makeMutClosure(place, table, call, isShared) {
  let users = 1;
  const real = (...args) => {
    const own = place;
    users++;
    if (!isShared) place = 0;
    try {
      return call(own, table, ...args);
    } finally {
      place = own;
      real.$u();
    }
  };
  real.$u = () => {
    if (!--users) {
      wasm.__wbindgen_destroy_closure(place, table);
      place = 0;
    }
  };
  return real;
}

const makeClosure = (place, table, call) => makeMutClosure(place, table, call, true);
