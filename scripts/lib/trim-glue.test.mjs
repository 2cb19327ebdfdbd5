import assert from "node:assert/strict";
import { test } from "node:test";
import { trimGlue } from "./trim-glue.mjs";

/** The glue of one build. @param {string} written */
const trimmed = (written) => trimGlue([written]).glue;

/** Glue as wasm-bindgen writes it. @param {string} entries @param {string} more */
const glue = (entries, more = "") => `
export class JobsClient {
    constructor(config, seed, sink, http) {
        const ret = wasm.jobsclient_new(ptr0, len0, val2, sink, http);
    }
    post(message, n, text, max_age, data, supersede) {
        wasm.jobsclient_post(this.__wbg_ptr, val4, val5, ptr0, len0, val6, ptr1, len1, ptr2, len2);
    }
    attach(bytes) {
        wasm.jobsclient_attach(this.__wbg_ptr, bytes);
    }
}
function __wbg_get_imports() {
    const import0 = {
        __proto__: null,
${entries}
    };
    return {
        __proto__: null,
        "./core_bg.js": import0,
    };
}
${more}`;

/** @param {string} name @param {string} body */
const entry = (name, body) => `        ${name}: function(arg0, arg1) {\n            ${body}\n        },`;

/** The imports of trimmed glue: what it gives to the wasm. @param {string} glue */
const importsOf = (glue) => {
  /** @type {Record<string, any>} */
  let given = {};
  const exports = { memory: new WebAssembly.Memory({ initial: 1 }), __wbindgen_start: () => {} };
  const instantiate = (/** @type {unknown} */ _, /** @type {Record<string, any>} */ imports) => {
    given = imports["./core_bg.js"];
    return { exports };
  };
  new Function("WebAssembly", glue.replace("export default", "return"))({ instantiate })();
  return given;
};

test("imports become expressions that do the same", () => {
  const { get, set, size, fail } = importsOf(
    trimmed(
      glue(
        [
          entry("get", "const ret = arg0.code;\n            return ret;"),
          entry("set", "arg0.code = arg1;"),
          entry(
            "size",
            "const ret = arg0.length;\n            return isLikeNone(ret) ? Number.MAX_SAFE_INTEGER : (ret) >>> 0;",
          ),
          entry("fail", 'throw new Error("no");'),
        ].join("\n"),
      ),
    ),
  );
  const object = { code: 1 };
  set(object, 7);
  assert.equal(get(object), 7);
  assert.equal(size("abc"), 3);
  assert.equal(size({}), Number.MAX_SAFE_INTEGER);
  assert.throws(fail, /no/);
});

test("what an import throws is kept for Rust", () => {
  const guarded =
    "        send: function() { return handleError(function (arg0) {\n            arg0.send();\n        }, arguments); },";
  assert.match(trimmed(glue(guarded)), /send: handleError\(\(arg0\) => arg0\.send\(\)\)/);
});

test("closures are called as they are exported", () => {
  const name = "wasm_bindgen__convert__closures_____invoke__h1";
  const made = entry("closure", `const ret = makeClosure(arg0, arg1, ${name});\n            return ret;`);
  const called = trimmed(glue(made, `function ${name}(arg0, arg1) {\n    wasm.${name}(arg0, arg1);\n}\n`));
  assert.match(called, new RegExp(`makeClosure\\(arg0, arg1, wasm\\.${name}\\)`));
  assert.doesNotMatch(called, new RegExp(`function ${name}`));
});

test("the global object is asked for once, as every browser has it", () => {
  const accessor = (/** @type {string} */ name) =>
    entry(`__wbg_static_accessor_${name}_1`, "const ret = globalThis;\n            return ret;");
  const found = importsOf(trimmed(glue(`${accessor("SELF")}\n${accessor("WINDOW")}`)));
  assert.deepEqual(Object.keys(found), ["__wbg_static_accessor_SELF_1"]);
});

test("a glue that has changed fails the build", () => {
  const good = glue(entry("get", "arg0.get();"));
  trimmed(good);
  for (const bad of [
    good.replace("val4, val5", "val4"),
    good.replace("max_age, data", "data"),
    good.replace("get: function", "get: async function"),
    good.replace("jobsclient_attach(this.__wbg_ptr, bytes)", "jobsclient_attach(bytes)"),
    `${good}\nfunction passArrayToWasm0(array) {\n    return 0;\n}\n`,
    "",
  ]) {
    assert.throws(() => trimmed(bad), /glue has changed: .*trim-glue\.mjs/);
  }
});

test("an import that needs what glue.js does not have is refused", () => {
  for (const body of [
    "const ret = arg0.x;\n            return isLikeNone(ret) ? 0 : addToExternrefTable0(ret);",
    "const ptr1 = passStringToWasm0(arg0, wasm.a, wasm.b);\n            const len1 = WASM_VECTOR_LEN;",
  ]) {
    assert.throws(() => trimmed(glue(entry("more", body))), /has changed: an import uses/);
  }
});

test("a closure's call is named by its export wherever it is handed over", () => {
  const shim = "closures_____invoke__h1";
  const made = trimmed(
    glue(
      [
        entry("one", `const ret = makeMutClosure(arg0, arg1, ${shim});\n            return ret;`),
        entry("two", `const ret = makeMutClosure(arg0, arg1, ${shim});\n            return ret;`),
      ].join("\n"),
      `function ${shim}(arg0, arg1) {\n    wasm.${shim}(arg0, arg1);\n}\n`,
    ),
  );
  assert.equal(made.match(new RegExp(`, wasm\\.${shim}\\)`, "g"))?.length, 2);
});

/** A build that casts a closure, which has other names in each. @param {number} number @param {string} hash @param {string} more */
const build = (number, hash, more) => {
  const shim = `wasm_bindgen__convert__closures_____invoke__${hash}`;
  const cast = `// Cast intrinsic for \`Closure(Function { shim_idx: ${number}, mutable: false }) -> Externref\`.`;
  return glue(
    [
      entry(
        `__wbindgen_generic_${number}`,
        `${cast}\n            const ret = makeClosure(arg0, arg1, ${shim});\n            return ret;`,
      ),
      more,
    ].join("\n"),
    `function ${shim}(arg0, arg1) {\n    wasm.${shim}(arg0, arg1);\n}\n`,
  );
};

test("one glue fits several builds: what all of them import has one name", () => {
  const one = build(1, "haa", entry("get", "arg0.get();"));
  const two = build(2, "hbb", entry("set", "arg0.set();"));
  const { glue: both, renamed } = trimGlue([one, two]);
  assert.deepEqual(Object.keys(importsOf(both)).slice(1), ["get", "set"]);
  const [first = new Map(), second = new Map()] = renamed;
  assert.equal(first.get("__wbindgen_generic_1"), second.get("__wbindgen_generic_2"));
  const call = first.get("wasm_bindgen__convert__closures_____invoke__haa");
  assert.equal(call, second.get("wasm_bindgen__convert__closures_____invoke__hbb"));
  assert.match(both, new RegExp(`makeClosure\\(arg0, arg1, wasm\\.${call}\\)`));
});

test("builds that import by one name what is not the same are refused", () => {
  const one = glue(entry("get", "arg0.get();"));
  const two = glue(entry("get", "arg0.fetch();"));
  assert.throws(() => trimGlue([one, two]), /get is not the same in both builds/);
});
