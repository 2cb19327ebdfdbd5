/** Shortens the names between wasm and glue, and leaves the copying of long texts to the browser. */
import binaryen from "binaryen";

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
 * @param {Uint8Array} wasm
 * @param {string} glue what wasm-bindgen wrote for it
 * @returns {{ wasm: Uint8Array, glue: string }}
 */
export function slim(wasm, glue) {
  const module = binaryen.readBinary(wasm);
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
  return { wasm: bytes, glue: short };
}
