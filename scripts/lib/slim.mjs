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

/** A wasm in text format. @param {Uint8Array} wasm */
export function textOf(wasm) {
  const module = binaryen.readBinary(wasm);
  const text = module.emitText();
  module.dispose();
  return text;
}

/**
 * @param {readonly { wasm: Uint8Array, renamed?: ReadonlyMap<string, string> }[]} builds what the glue is for, and names
 * of it that the glue has otherwise
 * @param {string} glue imports, and what uses exports; an import that is missing here is never called
 * @returns {{ wasms: Uint8Array[], glue: string }}
 */
export function slim(builds, glue) {
  const names = new Set();
  const texts = builds.map(({ wasm, renamed = new Map() }) => {
    let text = textOf(wasm);
    for (const [from, to] of renamed) text = text.replaceAll(`"${from}"`, `"${to}"`);
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
    return text.replaceAll('"./core_bg.js"', '"w"');
  });

  let short = glue.replaceAll("./core_bg.js", "w");
  // What is a function of the glue, too, must not be taken for a variable, nor for a word of the language.
  const shortNames = [...names].map((name, place) => {
    const isFunction = new RegExp(`function ${quoted(name)}\\(`).test(glue);
    return { name, to: (isFunction ? "$" : "") + shortName(place) };
  });
  for (const { name, to } of shortNames) short = short.replace(inGlue(name), () => to);
  const wasms = texts.map((text) => {
    for (const { name, to } of shortNames) text = text.replaceAll(`"${name}"`, `"${to}"`);
    const module = binaryen.parseText(text);
    const bytes = module.emitBinary();
    module.dispose();
    return bytes;
  });
  return { wasms, glue: short };
}
