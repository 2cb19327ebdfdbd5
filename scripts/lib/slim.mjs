/** Shortens the names between wasm and glue, and drops what one has and the other does not use. */
import binaryen from "binaryen";

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

/** A function's name in wasm's text format, and its signature behind it. */
const IMPORT = /\(import "\.\/core_bg\.js" "([^"]+)" \((func (?:\$"[^"]*"|[^\s()]+)(?: \([^()]*\))*)\)\)/g;
const EXPORT = /\(export "([^"]+)" \(\w+ (?:\$"[^"]*"|[^\s()]+)\)\)/g;

/** A name of wasm, where the glue has it: `wasm.name`, `name: …`, `"name"`. @param {string} name */
const inGlue = (name) => new RegExp(`(?<![\\w$])${quoted(name)}(?![\\w$])`, "g");

/**
 * @param {Uint8Array} wasm
 * @param {string} glue its imports, and what uses its exports; an import that is missing here is never called
 * @returns {{ wasm: Uint8Array, glue: string }}
 */
export function slim(wasm, glue) {
  const module = binaryen.readBinary(wasm);
  let text = module.emitText();
  module.dispose();

  const names = new Set();
  /** @type {string[]} */
  const never = [];
  text = text.replace(IMPORT, (whole, name, signature) => {
    if (inGlue(name).test(glue)) {
      names.add(name);
      return whole;
    }
    never.push(`(${signature} (unreachable))`);
    return "";
  });
  text = text.replace(EXPORT, (whole, name) => {
    if (name === "memory") return whole;
    if (!inGlue(name).test(glue)) return "";
    names.add(name);
    return whole;
  });
  text = text.replace(/\)\s*$/, () => `${never.join("\n")}\n)`);
  let short = glue.replaceAll("./core_bg.js", "w");
  text = text.replaceAll('"./core_bg.js"', '"w"');
  [...names].forEach((name, place) => {
    const to = `$${shortName(place)}`;
    text = text.replaceAll(`"${name}"`, `"${to}"`);
    short = short.replace(inGlue(name), () => to);
  });
  const renamed = binaryen.parseText(text);
  const bytes = renamed.emitBinary();
  renamed.dispose();
  return { wasm: bytes, glue: short };
}
