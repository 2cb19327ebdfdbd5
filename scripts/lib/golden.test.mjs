import assert from "node:assert/strict";
import { test } from "node:test";
import { describeDifference, executablesIn, firstDifference, seedsOf } from "./golden.mjs";

test("cargo's messages name the executable of each test", () => {
  const output = [
    '{"reason":"compiler-artifact","target":{"name":"serde"},"executable":null}',
    '{"reason":"compiler-artifact","target":{"name":"sim"},"executable":"/t/sim-1"}',
    '{"reason":"build-finished","success":true}',
    "",
  ].join("\n");
  assert.deepEqual([...executablesIn(output)], [["sim", "/t/sim-1"]]);
});

test("a golden file says how many seeds it has", () => {
  assert.equal(seedsOf("0-9 0f\n10-14 1e\n"), 15);
  assert.equal(seedsOf(""), 0);
});

test("the first difference is found, also where one side has more", () => {
  assert.equal(firstDifference(["a", "b", "c"], ["a", "x", "y"]), 1);
  assert.equal(firstDifference(["a"], ["a", "b"]), 1);
  assert.equal(firstDifference("abc", "ab"), 2);
  assert.equal(firstDifference(["a", "b"], ["a", "b"]), undefined);
});

test("a difference is shown with the lines before it", () => {
  assert.equal(
    describeDifference("in 0\n  open 1\n  send", "in 0\n  open 2\n  close"),
    ["  in 0", "-   open 1", "+   open 2", "(line 2)"].join("\n"),
  );
  assert.match(describeDifference("in 0", "in 0\nin 1"), /^ {2}in 0\n- \(nothing more\)\n\+ in 1\n/);
});

test("of a long line the part that differs is shown", () => {
  const long = "a".repeat(5000);
  const shown = describeDifference(`${long}1${long}`, `${long}2${long}`);
  assert.match(shown, /^- …a+1a+\n\+ …a+2a+\n\(line 1\)$/);
  assert.ok(shown.length < 2100);
});
