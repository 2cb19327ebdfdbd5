/** The structure of the Rust sources: what is to go away is counted, and never grows. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { test } from "node:test";
import { root } from "./paths.mjs";
import { filesUnder } from "./stamp.mjs";

const MAX_LINES = 400;

/**
 * Longer files. Each is to be split by topic; then its line here goes. New files do not come here; one that is
 * moved gets its new name.
 * @type {readonly string[]}
 */
const LONG_FILES = [
  "benches/tables/cases.rs",
  "src/core/engine/channels.rs",
  "src/core/engine/links.rs",
  "src/core/engine/mod.rs",
  "src/core/engine/reads.rs",
  "src/core/engine/transport.rs",
  "tests/cast/check.rs",
  "tests/cast/scenarios.rs",
  "tests/cast/world.rs",
];

/** Files of the core with a part of the engine; goal: 1. Data goes from one component to another in one file alone. */
const ENGINE_FILES = 20;

/** Conditions of the core on what a build has, outside `protocol/mod.rs`; goal: 0. A protocol is known in one place. */
const FEATURE_CONDITIONS = 0;

const sources = ["src", "tests", "benches", "crates", "fuzz"]
  .flatMap((folder) => filesUnder([join(root, folder)]))
  .filter((file) => file.endsWith(".rs"))
  .map((file) => ({ name: relative(root, file).split(sep).join("/"), text: readFileSync(file, "utf8") }));

const core = sources.filter(({ name }) => name.startsWith("src/core/"));

/** @param {string} text */
const hasEngine = (text) => /^\s*impl(?:<[^{]*>)?\s+Engine\b/m.test(text);

/** @param {string} text */
const featureConditions = (text) => text.match(/\bcfg(?:_attr)?!?\s*\([^\]]*?\bfeature\s*=/g)?.length ?? 0;

/** @param {string} text */
const lines = (text) => text.split("\n").length - 1;

/**
 * @param {string} what
 * @param {number} count
 * @param {number} ceiling
 */
function assertCeiling(what, count, ceiling) {
  assert.ok(count <= ceiling, `${what}: ${count}, and there were ${ceiling}. None may be added.`);
  assert.equal(count, ceiling, `${what}: ${count}, fewer than before. Lower the ceiling in this test.`);
}

test("no Rust file gets longer than 400 lines", () => {
  const long = sources.filter(({ text }) => lines(text) > MAX_LINES).map(({ name }) => name);
  const added = long.filter((name) => !LONG_FILES.includes(name));
  const shorter = LONG_FILES.filter((name) => !long.includes(name));
  assert.deepEqual(added, [], "These files are longer than 400 lines: split them.");
  assert.deepEqual(shorter, [], "These files are no longer that long: take them off the list in this test.");
});

test("no further file of the core has a part of the engine", () => {
  const files = core.filter(({ text }) => hasEngine(text));
  assertCeiling("files with `impl Engine`", files.length, ENGINE_FILES);
});

test("the core asks in protocol/mod.rs alone what a build has", () => {
  const counts = core
    .filter(({ name }) => name !== "src/core/protocol/mod.rs")
    .map(({ text }) => featureConditions(text));
  const count = counts.reduce((sum, each) => sum + each, 0);
  assertCeiling("conditions on features", count, FEATURE_CONDITIONS);
});

test("what is counted is found", () => {
  assert.ok(core.length > 50, `${core.length} files of the core`);
  assert.ok(hasEngine("use x;\n\nimpl Engine {\n"));
  assert.ok(hasEngine("impl<'a> Engine<'a> {\n"));
  assert.ok(!hasEngine("impl Engines {}\n// an impl Engine\n"));
  const conditions =
    '#[cfg(feature = "a")] #[cfg(all(test,\n not(feature = "b")))] if cfg!(feature = "c") {} #[cfg(test)]';
  assert.equal(featureConditions(conditions), 3);
  assert.equal(lines("a\nb\n"), 2);
});
