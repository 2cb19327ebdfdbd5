import assert from "node:assert/strict";
import { test } from "node:test";
import { trimGlue } from "./trim-glue.mjs";

/** Glue as wasm-bindgen writes it. @param {string} entries @param {string} more */
const glue = (entries, more = "") => `
export class JobsClient {
    constructor(config, seed, sink) {
        const ret = wasm.jobsclient_new(ptr0, len0, val2, sink);
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

/** The imports of trimmed glue. @param {string} trimmed */
const importsOf = (trimmed) => {
  const scope = trimmed.replace(/^export (default )?/gm, "");
  return new Function(`${scope}; return __wbg_get_imports()["./core_bg.js"];`)();
};

test("imports become expressions that do the same", () => {
  const { get, set, size, fail } = importsOf(
    trimGlue(
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
  assert.match(trimGlue(glue(guarded)), /send: handleError\(\(arg0\) => arg0\.send\(\)\)/);
});

test("closures are called as they are exported", () => {
  const name = "wasm_bindgen__convert__closures_____invoke__h1";
  const made = entry("closure", `const ret = makeClosure(arg0, arg1, ${name});\n            return ret;`);
  const trimmed = trimGlue(glue(made, `function ${name}(arg0, arg1) {\n    wasm.${name}(arg0, arg1);\n}\n`));
  assert.match(trimmed, new RegExp(`makeClosure\\(arg0, arg1, wasm\\.${name}\\)`));
  assert.doesNotMatch(trimmed, new RegExp(`function ${name}`));
});

test("the global object is asked for once, as every browser has it", () => {
  const accessor = (/** @type {string} */ name) =>
    entry(`__wbg_static_accessor_${name}_1`, "const ret = globalThis;\n            return ret;");
  const found = importsOf(trimGlue(glue(`${accessor("SELF")}\n${accessor("WINDOW")}`)));
  assert.deepEqual(Object.keys(found), ["__wbg_static_accessor_SELF_1"]);
});

test("a glue that has changed fails the build", () => {
  const good = glue(entry("get", "arg0.get();"));
  trimGlue(good);
  for (const bad of [
    good.replace("val4, val5", "val4"),
    good.replace("max_age, data", "data"),
    good.replace("get: function", "get: async function"),
    `${good}\nfunction passArrayToWasm0(array) {\n    return 0;\n}\n`,
    "",
  ]) {
    assert.throws(() => trimGlue(bad), /glue has changed: .*trim-glue\.mjs/);
  }
});

test("an import that needs what glue.js does not have is refused", () => {
  for (const body of [
    "const ret = arg0.x;\n            return isLikeNone(ret) ? 0 : addToExternrefTable0(ret);",
    "const ptr1 = passStringToWasm0(arg0, wasm.a, wasm.b);\n            const len1 = WASM_VECTOR_LEN;",
  ]) {
    assert.throws(() => trimGlue(glue(entry("more", body))), /has changed: an import uses/);
  }
});

test("a closure's call is named by its export wherever it is handed over", () => {
  const shim = "closures_____invoke__h1";
  const made = trimGlue(
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
