/**
 * Takes out of an object file, before it is linked, what only serves to describe a panic.
 *
 * With `panic = "abort"` a panic ends in a trap whatever it says, and nothing shows its text; the compiler keeps the
 * code that composes the text all the same (leaving it out is an option of nightly compilers only). Functions that
 * never return become that trap here, with every reference they make, and so do the constants handed to them: texts,
 * places in the source, tables of formatting functions. The linker then finds by itself what nothing refers to any
 * more, and what is in use after all stays.
 *
 * The format: https://github.com/WebAssembly/tool-conventions/blob/main/Linking.md
 */

/** Functions of Rust's standard library that never return, by path. */
const PANICS = [
  /^core::panicking::/,
  /^core::(option|result)::(unwrap|expect)_failed$/,
  /^core::cell::panic_already_(mutably_)?borrowed$/,
  /^core::cell::lazy::panic_poisoned$/,
  /^core::slice::index::slice_\w+_fail/,
  /^core::slice::copy_from_slice_impl::len_mismatch_fail/,
  /^core::str::slice_error_fail/,
  /^alloc::raw_vec::(handle_error|capacity_overflow)$/,
  /^alloc::alloc::handle_alloc_error/,
  /^std::thread::local::panic_access_error$/,
  /^std::alloc::rust_oom/,
  /^std::panicking::begin_panic$/,
  /^std::sys::backtrace::__rust_end_short_backtrace/,
  /^__rustc::(rust_begin_unwind|__rust_start_panic|__rust_alloc_error_handler|rust_panic)$/,
];

/** Methods of `Vec` have one inside, whose path begins with a type. */
const VEC_PANIC =
  /^_RNvNvM\w*?_NtCs\w+?_5alloc3vecINtB\w*?_3Vec\w*?E(6remove|6insert|11swap_remove|9split_off|8truncate)13assert_failed$/;

/** `<length><name>` as often as it comes. @param {string} mangled */
function segments(mangled) {
  const found = [];
  let rest = mangled;
  for (let at = /^(\d+)_?/.exec(rest); at; at = /^(\d+)_?/.exec(rest)) {
    const length = Number(at[1]);
    // An underscore divides only where the name itself begins with a digit or an underscore.
    const start = at[1].length + (/^_[\d_]/.test(rest.slice(at[1].length)) ? 1 : 0);
    found.push(rest.slice(start, start + length));
    rest = rest.slice(start + length);
  }
  return found;
}

/**
 * The path of a function that is no method, whichever way the compiler mangles names; without hashes.
 * @param {string} symbol
 */
function pathOf(symbol) {
  const old = /^_ZN(.*)17h[0-9a-f]{16}E$/.exec(symbol);
  if (old) return segments(old[1]).join("::");
  const now = /^_RI?(?:N[a-zA-Z])+C(?:s[0-9a-zA-Z]*_)(.*)$/.exec(symbol);
  return now ? segments(now[1]).join("::") : "";
}

/** @param {string} symbol */
export function isPanic(symbol) {
  const path = pathOf(symbol);
  return PANICS.some((pattern) => pattern.test(path)) || VEC_PANIC.test(symbol);
}

const SECTION = { custom: 0, type: 1, import: 2, function: 3, code: 10 };
const SYMBOL_TABLE = 8;
const SYMBOL = { function: 0, data: 1, section: 3 };
const UNDEFINED = 0x10;
const EXPLICIT_NAME = 0x40;
const RELOCATION = { call: 0, tableIndex: 1, address: 4 };
/** Kinds of relocations with an addend beside the index. */
const WITH_ADDEND = new Set([3, 4, 5, 8, 9, 11, 14, 15, 16, 17, 21, 22, 23, 25]);
const OP = {
  unreachable: 0x00,
  nop: 0x01,
  end: 0x0b,
  call: 0x10,
  localGet: 0x20,
  i32Const: 0x41,
  i64Const: 0x42,
};
/** What a relocation stands for takes this many bytes, padded. */
const PADDED = 5;

/** Reads where `at` points and moves on. */
class Reader {
  /** @param {Uint8Array} bytes @param {number} [at] */
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }
  byte() {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw new Error("The object file ends too early.");
    return byte;
  }
  number() {
    let number = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      number += (byte & 127) * scale;
      if (byte < 128) return number;
    }
  }
  text() {
    const length = this.number();
    this.at += length;
    return new TextDecoder().decode(this.bytes.subarray(this.at - length, this.at));
  }
}

/** @param {number} number */
function encoded(number) {
  const bytes = [];
  for (; number >= 128; number = Math.floor(number / 128)) bytes.push((number % 128) | 128);
  return [...bytes, number];
}

/** @param {Uint8Array} bytes */
function sectionsOf(bytes) {
  const sections = [];
  for (const reader = new Reader(bytes, 8); reader.at < bytes.length;) {
    const begin = reader.at;
    const id = reader.byte();
    const length = reader.number();
    const end = reader.at + length;
    const payload = reader.at;
    const name = id === SECTION.custom ? reader.text() : "";
    sections.push({ id, name, begin, payload, content: reader.at, end });
    reader.at = end;
  }
  return sections;
}

/** How many values each function takes that the object defines. @param {Reader} types @param {Reader} functions */
function aritiesOf(types, functions) {
  const arities = Array.from({ length: types.number() }, () => {
    types.byte();
    const taken = types.number();
    types.at += taken;
    const given = types.number();
    types.at += given;
    return taken;
  });
  return Array.from({ length: functions.number() }, () => arities[functions.number()] ?? 0);
}

/** Where each body begins and ends. @param {Reader} code */
function bodiesOf(code) {
  return Array.from({ length: code.number() }, () => {
    const length = code.number();
    code.at += length;
    return { begin: code.at - length, end: code.at };
  });
}

/**
 * Index of each panicking function among all functions, by its number among the symbols.
 * @param {Reader} reader at the section "linking"
 * @param {number} end
 */
function panicsOf(reader, end) {
  /** @type {Map<number, number>} */
  const panics = new Map();
  if (reader.number() !== 2) throw new Error("The object file has an unknown version.");
  while (reader.at < end) {
    const kind = reader.byte();
    const length = reader.number();
    const next = reader.at + length;
    const count = kind === SYMBOL_TABLE ? reader.number() : 0;
    for (let number = 0; number < count; number++) {
      const symbol = reader.byte();
      const flags = reader.number();
      const defined = (flags & UNDEFINED) === 0;
      if (symbol === SYMBOL.data) {
        reader.text();
        if (defined) for (let part = 0; part < 3; part++) reader.number();
        continue;
      }
      const index = reader.number();
      if (symbol === SYMBOL.section || !(defined || flags & EXPLICIT_NAME)) continue;
      const name = reader.text();
      if (symbol === SYMBOL.function && defined && isPanic(name)) panics.set(number, index);
    }
    reader.at = next;
  }
  return panics;
}

/** @param {Reader} reader at the section "reloc.CODE" @param {number} end */
function relocationsOf(reader, end) {
  const section = reader.number();
  reader.number();
  const entries = [];
  while (reader.at < end) {
    const begin = reader.at;
    const kind = reader.byte();
    const offset = reader.number();
    const symbol = reader.number();
    if (WITH_ADDEND.has(kind)) reader.number();
    entries.push({ kind, offset, symbol, bytes: reader.bytes.subarray(begin, reader.at) });
  }
  return { section, entries };
}

/**
 * How many values are put on the stack from `begin` on until `call`, if nothing else happens in between.
 * @param {Uint8Array} bytes
 * @param {number} begin
 * @param {number} call
 */
function pushesBefore(bytes, begin, call) {
  const reader = new Reader(bytes, begin);
  let pushes = 0;
  while (reader.at < call) {
    const op = reader.byte();
    if (op !== OP.i32Const && op !== OP.i64Const && op !== OP.localGet) return Infinity;
    while (reader.byte() >= 128);
    pushes++;
  }
  return reader.at === call ? pushes : Infinity;
}

/** No simple push is longer than this, and no panic takes more values. */
const LONGEST_PUSH = 11;

/**
 * @param {Uint8Array} object
 * @returns {{ object: Uint8Array, panics: number }}
 */
export function withoutPanics(object) {
  const bytes = Uint8Array.from(object);
  const sections = sectionsOf(bytes);
  /** @param {number} id @param {string} [name] */
  const find = (id, name = "") => sections.find((section) => section.id === id && section.name === name);
  const types = find(SECTION.type);
  const imports = find(SECTION.import);
  const functions = find(SECTION.function);
  const code = find(SECTION.code);
  const linking = find(SECTION.custom, "linking");
  const reloc = find(SECTION.custom, "reloc.CODE");
  if (!types || !functions || !code || !linking || !reloc) return { object, panics: 0 };

  const arities = aritiesOf(new Reader(bytes, types.content), new Reader(bytes, functions.content));
  const bodies = bodiesOf(new Reader(bytes, code.content));
  const panics = panicsOf(new Reader(bytes, linking.content), linking.end);
  const imported = imports ? importedFunctions(new Reader(bytes, imports.content)) : 0;
  const { section, entries } = relocationsOf(new Reader(bytes, reloc.content), reloc.end);

  const trapped = [...panics.values()]
    .map((index) => bodies[index - imported])
    .filter((body) => body !== undefined);
  for (const { begin, end } of trapped) {
    bytes.fill(OP.nop, begin, end - 1);
    bytes.set([0, OP.unreachable], begin);
    bytes[end - 1] = OP.end;
  }

  const calls = entries.filter(
    ({ kind, symbol, offset }) =>
      kind === RELOCATION.call && panics.has(symbol) && bytes[code.payload + offset - 1] === OP.call,
  );
  /** @param {{ kind: number, offset: number }} entry whether it is a constant that only a panic is handed */
  const isHandedOver = ({ kind, offset }) => {
    if (kind !== RELOCATION.address && kind !== RELOCATION.tableIndex) return false;
    const at = code.payload + offset;
    if (bytes[at - 1] !== OP.i32Const) return false;
    const next = calls.find((call) => call.offset > offset);
    const index = next && panics.get(next.symbol);
    if (!next || index === undefined) return false;
    const taken = arities[index - imported] ?? 0;
    const call = code.payload + next.offset - 1;
    if (call - at > taken * LONGEST_PUSH) return false;
    return 1 + pushesBefore(bytes, at + PADDED, call) <= taken;
  };
  const kept = entries.filter((entry) => {
    const at = code.payload + entry.offset;
    return !trapped.some(({ begin, end }) => at >= begin && at < end) && !isHandedOver(entry);
  });

  const content = [section, ...encoded(kept.length), ...kept.flatMap((entry) => [...entry.bytes])];
  const name = bytes.subarray(reloc.payload, reloc.content);
  const rewritten = [SECTION.custom, ...encoded(name.length + content.length), ...name, ...content];
  return {
    object: Buffer.concat([
      bytes.subarray(0, reloc.begin),
      Uint8Array.from(rewritten),
      bytes.subarray(reloc.end),
    ]),
    panics: trapped.length,
  };
}

/** How many of the imports are functions: they are counted before those that the object defines. @param {Reader} reader */
function importedFunctions(reader) {
  let functions = 0;
  const skipLimits = () => {
    const flags = reader.byte();
    reader.number();
    if (flags & 1) reader.number();
  };
  for (let left = reader.number(); left > 0; left--) {
    reader.text();
    reader.text();
    const kind = reader.byte();
    if (kind === 0) {
      reader.number();
      functions++;
    } else if (kind === 1) {
      reader.byte();
      skipLimits();
    } else if (kind === 2) {
      skipLimits();
    } else if (kind === 3) {
      reader.at += 2;
    } else {
      reader.byte();
      reader.number();
    }
  }
  return functions;
}
