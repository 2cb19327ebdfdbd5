/**
 * Of the glue that wasm-bindgen writes keeps the imports, written shorter, and has glue.js take the place of the rest: a
 * third is left.
 *
 * Fails the build where the glue is not what glue.js stands for. The version of wasm-bindgen is fixed in Cargo.toml; a
 * new one may bring differences to look at here.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./paths.mjs";

/** The parts of wasm-bindgen's runtime that glue.js stands for. */
const REPLACED = [
  ...["__wbg_finalize_init", "__wbg_get_imports", "__wbg_init", "__wbg_init_once", "__wbg_load", "initSync"],
  ...["addToExternrefTable0", "takeFromExternrefTable0", "handleError", "isLikeNone"],
  ...["getDataViewMemory0", "getUint8ArrayMemory0", "getArrayU8FromWasm0", "getStringFromWasm0"],
  ...["passStringToWasm0", "decodeText"],
  ...["makeClosure", "makeMutClosure"],
];

/** What the driver hands over to Rust, and in which order. */
const DRIVER = [
  "constructor(config, seed, sink) {",
  "wasm.jobsclient_new(ptr0, len0, val2, sink);",
  "post(message, n, text, max_age, data, supersede) {",
  "wasm.jobsclient_post(this.__wbg_ptr, val4, val5, ptr0, len0, val6, ptr1, len1, ptr2, len2);",
  "wasm.jobsclient_attach(this.__wbg_ptr, bytes);",
];

const IMPORT =
  /^ {8}(\w+): function\((.*?)\) \{(?: return handleError\(function \((.*?)\) \{)?\n([\s\S]*?)\n {8}\}(, arguments\); \})?,$/gm;

/** Imports written anew, by what their names begin with. @type {readonly [string, string][]} */
const SPECIAL = [
  ["__wbg___wbindgen_string_get_", "passTextOf"],
  // The one that Rust asks for first, which every platform has: it never asks for another.
  ["__wbg_static_accessor_SELF_", "() => addToExternrefTable0(globalThis.self ?? globalThis)"],
  ["__wbg_static_accessor_", ""],
];

/** @param {unknown} found @param {string} what @returns {asserts found} */
function must(found, what) {
  if (!found) throw new Error(`wasm-bindgen's glue has changed: ${what}. See scripts/lib/trim-glue.mjs.`);
}

/** A function's lines as an expression, where they are one. @param {string} lines */
function body(lines) {
  const text = lines.replace(/^ *\/\/.*\n/gm, "").trim();
  const value = /^const ret = (.*);\n *return (.*);$/.exec(text);
  if (value?.[2] === "ret") return value[1];
  if (value?.[2] === "isLikeNone(ret) ? Number.MAX_SAFE_INTEGER : (ret) >>> 0") {
    return `${value[1]} ?? Number.MAX_SAFE_INTEGER`;
  }
  // What a function returns that is to return nothing is not looked at.
  return /^(?!throw ).*;$/.test(text) ? text.slice(0, -1) : `{\n${text}\n}`;
}

/** @param {string} glue */
function imports(glue) {
  const object = /const import0 = \{\n {8}__proto__: null,\n([\s\S]*?)\n {4}\};/.exec(glue)?.[1];
  must(object, "it has no imports");
  const entries = [...object.matchAll(IMPORT)].map(([, name = "", plain, guarded, lines = ""]) => {
    const special = SPECIAL.find(([start]) => name.startsWith(start))?.[1];
    if (special !== undefined) return special && `${name}: ${special}`;
    const call = `(${guarded ?? plain}) => ${body(lines)}`;
    return `${name}: ${guarded === undefined ? call : `handleError(${call})`}`;
  });
  must(entries.length === object.match(/^ {8}\w+:/gm)?.length, "an import is not written as a function");
  return entries.filter(Boolean).join(",\n").replaceAll("._wbg_cb_unref(", ".$u(");
}

/**
 * @param {string} glue what wasm-bindgen wrote
 * @returns {string} the same for this core, with the names of wasm-bindgen
 */
export function trimGlue(glue) {
  for (const text of DRIVER) must(glue.includes(text), `"${text}" is missing`);
  let made = imports(glue);
  const shims = [];
  for (const [text, name = ""] of glue.matchAll(/^(?:async )?function (\w+)\([\s\S]*?^\}$/gm)) {
    if (REPLACED.includes(name)) continue;
    must(name.includes("closures_____invoke"), `${name}() is new`);
    // How a closure is called; mostly as it is exported.
    if (/^.*\n *wasm\.\w+\(.*\);\n\}$/.test(text))
      made = made.replaceAll(`, ${name})`, () => `, wasm.${name})`);
    else shims.push(text);
  }
  const constants = glue.match(/^const __wbindgen_enum_\w+ = .*;$/gm) ?? [];
  const module = /^ {8}"(.*)": import0,$/m.exec(glue)?.[1];
  must(module, "its imports have no name");
  const runtime = readFileSync(join(root, "scripts/lib/glue.js"), "utf8");
  for (const name of [...REPLACED, "WASM_VECTOR_LEN"]) {
    const isThere = runtime.includes(`${name} =`) || runtime.includes(`function ${name}(`);
    const isUsed = [made, ...shims].some((text) => new RegExp(`\\b${name}\\b`).test(text));
    must(isThere || !isUsed, `an import uses ${name}`);
  }
  return [
    runtime,
    ...constants,
    ...shims,
    `const __wbg_get_imports = () => ({ "${module}": {\n${made}\n} });\n`,
  ].join("\n");
}
