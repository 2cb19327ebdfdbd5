import assert from "node:assert/strict";
import { test } from "node:test";
import { cacheHome } from "./paths.mjs";
import { atLeast, versionIn, wasmBindgenVersion } from "./tools.mjs";
import { rustVersionOf } from "./wasm-target.mjs";

test("the wasm-bindgen CLI takes the version the crate pins, in either spelling", () => {
  assert.equal(wasmBindgenVersion('[dependencies]\nwasm-bindgen = "=0.2.130"\n'), "0.2.130");
  assert.equal(wasmBindgenVersion('wasm-bindgen = { features = ["a"], version = "=1.2.3" }\n'), "1.2.3");
});

test("a crate that does not pin wasm-bindgen is refused with the remedy", () => {
  assert.throws(
    () => wasmBindgenVersion('wasm-bindgen = "0.2"\nwasm-bindgen-test = "=0.3.80"\n'),
    /write wasm-bindgen = "=<version>"/,
  );
});

test("versions compare by number, not by text", () => {
  assert.ok(atLeast("1.100.0", "1.95"));
  assert.ok(atLeast("1.95.0", "1.95"));
  assert.ok(atLeast("1.96.0-nightly", "1.95.1"));
  assert.ok(!atLeast("1.94.9", "1.95"));
  assert.ok(!atLeast("3.9", "3.11"));
});

test("a version is found in what tools print", () => {
  assert.equal(versionIn("geckodriver 0.37.1 (2025)\nlicence 2.0"), "0.37.1");
  assert.equal(versionIn("no number"), undefined);
});

test("the crate says which Rust it needs", () => {
  assert.equal(rustVersionOf('[package]\nrust-version = "1.97"\n'), "1.97");
});

test("the cache follows XDG_CACHE_HOME when it is absolute, and the home folder otherwise", () => {
  assert.equal(cacheHome({ XDG_CACHE_HOME: "/c", HOME: "/h" }), "/c/jobwire");
  assert.equal(cacheHome({ XDG_CACHE_HOME: "relative", HOME: "/h" }), "/h/.cache/jobwire");
  assert.equal(cacheHome({ HOME: "/h" }), "/h/.cache/jobwire");
});
