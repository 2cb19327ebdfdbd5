/**
 * Of the glue that wasm-bindgen writes keeps the imports, written shorter, and has glue.js take the place of the rest: a
 * third is left. One glue fits the core of each protocol: what both import, both import by the same name.
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
  "constructor(config, seed, sink, http) {",
  "wasm.jobsclient_new(ptr0, len0, val2, sink, http);",
  "post(message, n, text, max_age, data, supersede) {",
  "wasm.jobsclient_post(this.__wbg_ptr, val4, val5, ptr0, len0, val6, ptr1, len1, ptr2, len2);",
];

/** What wasm-bindgen says of a cast, which it numbers anew in every build. */
const CAST = /\/\/ Cast intrinsic for `(.*)`/;

const IMPORT =
  /^ {8}(\w+): function\((.*?)\) \{(?: return handleError\(function \((.*?)\) \{)?\n([\s\S]*?)\n {8}\}(, arguments\); \})?,$/gm;

/** The same, where it hands over attachments. */
const ATTACH = /^ {4}attach\((?!bytes\) \{\n {8}wasm\.jobsclient_attach\(this\.__wbg_ptr, bytes\);)/m;

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

/**
 * @typedef {object} Glue
 * @property {Map<string, string>} imports
 * @property {Map<string, string>} shims functions that call a closure
 * @property {string[]} constants
 * @property {string} module what the wasm calls the imports' module
 * @property {Map<string, string>} renamed names of the wasm that are not the same in every build, and what they become
 */

/** Of a build's own names, those that do not depend on it. @param {string} glue */
function renamedIn(glue) {
  const renamed = new Map();
  for (const [, name = "", , , lines = ""] of glue.matchAll(IMPORT)) {
    const cast = CAST.exec(lines)?.[1]
      ?.replace(/shim_idx: \d+/g, "")
      .replace(/\W+/g, "_");
    if (!cast) continue;
    must(![...renamed.values()].includes(cast), `it casts twice: ${cast}`);
    renamed.set(name, cast);
    const call = /\w*closures_____invoke\w+/.exec(lines)?.[0];
    if (call && !renamed.has(call)) renamed.set(call, `${cast}_call`);
  }
  return renamed;
}

/** @param {string} written @returns {Glue} */
function parse(written) {
  for (const text of DRIVER) must(written.includes(text), `"${text}" is missing`);
  must(!ATTACH.test(written), "attach() is another");
  const renamed = renamedIn(written);
  let glue = written;
  for (const [from, to] of renamed) glue = glue.replaceAll(new RegExp(`\\b${from}\\b`, "g"), to);
  const object = /const import0 = \{\n {8}__proto__: null,\n([\s\S]*?)\n {4}\};/.exec(glue)?.[1];
  must(object, "it has no imports");
  const found = [...object.matchAll(IMPORT)];
  must(found.length === object.match(/^ {8}\w+:/gm)?.length, "an import is not written as a function");
  /** @type {Map<string, string>} */
  const imports = new Map();
  for (const [, name = "", plain, guarded, lines = ""] of found) {
    const special = SPECIAL.find(([start]) => name.startsWith(start))?.[1];
    const call = `(${guarded ?? plain}) => ${body(lines)}`;
    const code = special ?? (guarded === undefined ? call : `handleError(${call})`);
    if (code) imports.set(name, code.replaceAll("._wbg_cb_unref(", ".$u("));
  }
  /** @type {Map<string, string>} */
  const shims = new Map();
  for (const [text, name = ""] of glue.matchAll(/^(?:async )?function (\w+)\([\s\S]*?^\}$/gm)) {
    if (REPLACED.includes(name)) continue;
    must([...renamed.values()].includes(name) || name.includes("closures_____invoke"), `${name}() is new`);
    // How a closure is called; mostly as it is exported.
    if (/^.*\n *wasm\.\w+\(.*\);\n\}$/.test(text)) {
      for (const [key, code] of imports) {
        imports.set(
          key,
          code.replaceAll(`, ${name})`, () => `, wasm.${name})`),
        );
      }
    } else shims.set(name, text);
  }
  const constants = glue.match(/^const __wbindgen_enum_\w+ = .*;$/gm) ?? [];
  const module = /^ {8}"(.*)": import0,$/m.exec(glue)?.[1];
  must(module, "its imports have no name");
  return { imports, shims, constants, module, renamed };
}

/** What is in any of these; what is in several is the same there. @param {readonly Map<string, string>[]} maps */
function union(maps) {
  /** @type {Map<string, string>} */
  const all = new Map();
  for (const map of maps) {
    for (const [name, code] of map) {
      must((all.get(name) ?? code) === code, `${name} is not the same in both builds`);
      all.set(name, code);
    }
  }
  return all;
}

/**
 * @param {readonly string[]} written the glue of each build
 * @returns {{ glue: string, renamed: Map<string, string>[] }} one for all of them, with the names of wasm-bindgen but
 * for those that each wasm has to change
 */
export function trimGlue(written) {
  const builds = written.map(parse);
  const imports = union(builds.map((build) => build.imports));
  const shims = union(builds.map((build) => build.shims));
  const constants = new Set(builds.flatMap((build) => build.constants));
  const module = builds[0]?.module;
  must(module && builds.every((build) => build.module === module), "the imports have several names");
  const runtime = readFileSync(join(root, "scripts/lib/glue.js"), "utf8");
  for (const name of [...REPLACED, "WASM_VECTOR_LEN"]) {
    const isThere = runtime.includes(`${name} =`) || runtime.includes(`function ${name}(`);
    const isUsed = [...imports.values(), ...shims.values()].some((text) =>
      new RegExp(`\\b${name}\\b`).test(text),
    );
    must(isThere || !isUsed, `an import uses ${name}`);
  }
  const entries = [...imports].map(([name, code]) => `${name}: ${code}`).join(",\n");
  const glue = [
    "export default async (module) => {",
    runtime,
    ...constants,
    ...shims.values(),
    `const __wbg_get_imports = () => ({ "${module}": {\n${entries}\n} });`,
    "await init(module);",
    "return JobsClient;",
    "};\n",
  ].join("\n");
  return { glue, renamed: builds.map((build) => build.renamed) };
}
