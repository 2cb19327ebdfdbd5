/** SECURITY.md names a test for each promise: each is there, and is not skipped. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "./paths.mjs";

/** @param {string} file */
const read = (file) => readFileSync(join(root, file), "utf8");

const ROW = /^\| (.+?) \| `([^`]+)` \| `(.+)` \|$/gm;
const promises = [...read("SECURITY.md").matchAll(ROW)].map(([, promise = "", file = "", name = ""]) => ({
  promise,
  file,
  name,
}));

/**
 * Whether a file has a test of this name that runs.
 * @param {string} file
 * @param {string} name
 */
function hasTest(file, name) {
  const text = read(file);
  if (file.endsWith(".rs")) return new RegExp(`test[^;{]*?\\]\\s*(?:async )?fn ${name}\\(`).test(text);
  if (file.endsWith(".py")) return new RegExp(`^\\s*(?:async )?def ${name}\\(`, "m").test(text);
  const escaped = name.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  return [...text.matchAll(new RegExp(`(\\S+)\\(\\s*(["'\`])${escaped}\\2`, "g"))].some(
    ([, call = ""]) => !/\.(skip|todo)$/.test(call),
  );
}

test("SECURITY.md has promises", () => assert.ok(promises.length > 15, `${promises.length} promises`));

for (const { promise, file, name } of promises) {
  test(`SECURITY.md: ${promise}`, () => {
    assert.ok(existsSync(join(root, file)), `There is no ${file}.`);
    assert.ok(hasTest(file, name), `${file} has no test "${name}".`);
  });
}

test("SECURITY.md is named where people look", () => {
  for (const file of ["README.md", "docs/security.md"]) assert.match(read(file), /\(\S*SECURITY\.md\)/);
});

test("a test that is missing or skipped is found", () => {
  assert.equal(hasTest("SECURITY.md", "no such test"), false);
  assert.equal(hasTest("tests/facade/client/options.test.ts", "never puts the token"), false);
  assert.equal(hasTest("tests/web/auth.rs", "says_it_nowhere"), false);
});
