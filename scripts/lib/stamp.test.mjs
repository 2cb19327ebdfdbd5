import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { filesUnder, hashOf, isFresh, markFresh } from "./stamp.mjs";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "jobwire-stamp-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** @param {string} name @param {string} text */
const write = (name, text) => {
  const path = join(folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
  return path;
};

test("the hash follows contents, names and facts, and not what tools leave behind", () => {
  write("src/a.rs", "one");
  const before = hashOf(folder, [folder]);
  write("src/node_modules/b.js", "ignored");
  assert.equal(hashOf(folder, [folder]), before);
  assert.notEqual(hashOf(folder, [folder], ["rustc 2"]), before);
  write("src/a.rs", "two");
  const changed = hashOf(folder, [folder]);
  assert.notEqual(changed, before);
  write("src/c.rs", "");
  assert.notEqual(hashOf(folder, [folder]), changed);
});

test("files come sorted, and what does not exist is left out", () => {
  const b = write("b", "");
  const a = write("a", "");
  assert.deepEqual(filesUnder([b, join(folder, "missing"), a]), [a, b]);
});

test("outputs are fresh until they or their inputs change", () => {
  const stamp = join(folder, "stamps", "x");
  const output = write("out/file", "made");
  assert.ok(!isFresh(stamp, "inputs", [output]));
  markFresh(stamp, "inputs", [output]);
  assert.ok(isFresh(stamp, "inputs", [output]));
  assert.ok(!isFresh(stamp, "other inputs", [output]));
  rmSync(output);
  assert.ok(!isFresh(stamp, "inputs", [output]));
});
