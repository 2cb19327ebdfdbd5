/**
 * Takes out of the linked wasm what only serves to describe a panic, shortens the names between wasm and glue, and
 * leaves the copying of long texts to the browser.
 *
 * With `panic = "abort"` a panic ends in a trap whatever it says, and nothing shows its text; the compiler keeps the
 * code that composes the text all the same (leaving it out is an option of nightly compilers only). Functions that
 * never return become that trap here, and what only they needed goes with them.
 */
import binaryen from "binaryen";

/** Functions of Rust's standard library that never return, by their demangled names without hashes. */
const PANICS = [
  /^core::panicking::/,
  /^core::(option|result)::(unwrap|expect)_failed$/,
  /^core::cell::panic_already_(mutably_)?borrowed$/,
  /^core::slice::(index::slice_\w+_fail|copy_from_slice_impl::len_mismatch_fail)/,
  /^core::str::slice_error_fail/,
  /^alloc::raw_vec::(handle_error|capacity_overflow)$/,
  /^alloc::alloc::handle_alloc_error/,
  /^<?alloc::vec::Vec.*::(remove|insert|swap_remove|split_off|truncate)::assert_failed$/,
  /^std::thread::local::panic_access_error$/,
  /^std::alloc::rust_oom/,
  /^__rustc::(rust_begin_unwind|__rust_start_panic|__rust_alloc_error_handler|rust_panic)$/,
];

/** @param {string} name as the name section has it */
export function isPanic(name) {
  const plain = name
    .replace(/\\([0-9a-f]{2})/g, (_, code) => String.fromCharCode(parseInt(code, 16)))
    .replace(/\[[0-9a-f]{16}\]/g, "")
    .replace(/::h[0-9a-f]{16}$/, "")
    .replace(/::<.*>$/, "");
  return PANICS.some((pattern) => pattern.test(plain));
}

/** How wasm-bindgen begins to copy a text into wasm: character by character, as long as it is ASCII. */
const COPY_LOOP = /(for \(; offset < len)(; offset\+\+\) \{\s*const code = arg\.charCodeAt\(offset\);)/;

/** From this length on the browser's encoder is faster than that loop. */
const LONG_TEXT = 256;

/** Short names in a fixed order: a, b … z, aa … @param {number} n */
function shortName(n) {
  let name = "";
  for (let rest = n + 1; rest > 0; rest = Math.floor((rest - 1) / 26)) {
    name = String.fromCharCode(97 + ((rest - 1) % 26)) + name;
  }
  return name;
}

/** @param {string} text */
const quoted = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/**
 * @param {Uint8Array} wasm with its name section
 * @param {string} glue what wasm-bindgen wrote for it
 * @returns {{ wasm: Uint8Array, glue: string, panics: number }}
 */
export function slim(wasm, glue) {
  const module = binaryen.readBinary(wasm);
  let panics = 0;
  for (let index = 0; index < module.getNumFunctions(); index++) {
    const reference = module.getFunctionByIndex(index);
    const { name, module: from } = binaryen.getFunctionInfo(reference);
    if (from || !isPanic(name)) continue;
    // The wrapper that changes a function in place is missing in binaryen's own declarations.
    /** @type {any} */ (binaryen).Function(reference).body = module.unreachable();
    panics++;
  }
  // The optimiser then finds what nothing refers to any more; names are needed by nobody from here on.
  let text = module.emitText();
  module.dispose();

  const names = new Set();
  for (const [, name] of text.matchAll(/\(import "\.\/core_bg\.js" "([^"]+)"/g)) names.add(name);
  for (const [, name] of text.matchAll(/\(export "([^"]+)"/g)) names.add(name);
  names.delete("memory");
  let short = glue.replaceAll("./core_bg.js", "w").replace(COPY_LOOP, `$1 && len < ${LONG_TEXT}$2`);
  text = text.replaceAll('"./core_bg.js"', '"w"');
  [...names].forEach((name, place) => {
    const to = `$${shortName(place)}`;
    text = text.replaceAll(`"${name}"`, `"${to}"`);
    // In the glue such a name stands as a member: `wasm.name`, `name: function`, `["name"]`.
    short = short.replace(new RegExp(`(?<![\\w$])${quoted(name)}(?![\\w$])`, "g"), () => to);
  });
  const renamed = binaryen.parseText(text);
  const bytes = renamed.emitBinary();
  renamed.dispose();
  return { wasm: bytes, glue: short, panics };
}
