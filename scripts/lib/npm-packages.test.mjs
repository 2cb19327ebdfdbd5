import assert from "node:assert/strict";
import { test } from "node:test";
import { firstDifference } from "./npm-packages.mjs";

const lock = {
  packages: {
    "": { version: "0.1.0" },
    "node_modules/a": { version: "1.0.0" },
    "node_modules/other-platform": { version: "2.0.0", optional: true },
  },
};
const there = () => true;

test("packages as locked need no installation, whatever other platforms have", () => {
  const installed = { packages: { "node_modules/a": { version: "1.0.0" } } };
  assert.equal(firstDifference(lock, installed, there), undefined);
});

test("another version, a missing package and a deleted folder are each told", () => {
  const older = { packages: { "node_modules/a": { version: "0.9.0" } } };
  assert.equal(firstDifference(lock, older, there), "node_modules/a");
  assert.equal(firstDifference(lock, { packages: {} }, there), "node_modules/a");
  const same = { packages: { "node_modules/a": { version: "1.0.0" } } };
  assert.equal(
    firstDifference(lock, same, () => false),
    "node_modules/a",
  );
});
