import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "./paths.mjs";

const FOLDERS = ["examples/backends/fastapi", "examples/backends/flask-socketio"];
const LOCKS = [...FOLDERS.map((folder) => `${folder}/requirements`), "scripts/python/virtualenv"];

/** @param {string} path @returns {string[]} the requirements, each with its hashes on one line */
function requirements(path) {
  return readFileSync(join(root, path), "utf8")
    .replace(/ *\\\n */g, " ")
    .split("\n")
    .map((line) => line.replace(/(^|\s)#.*/, "").trim())
    .filter(Boolean);
}

/** @param {string} requirement @returns {[name: string, version: string] | undefined} */
function pin(requirement) {
  const [, name, version] = /^([a-z0-9.-]+)==([^ ;]+)/.exec(requirement) ?? [];
  return name !== undefined && version !== undefined ? [name, version] : undefined;
}

for (const lock of LOCKS) {
  test(`${lock}.txt pins a version and the hashes of its files for each package`, () => {
    const locked = requirements(`${lock}.txt`);
    assert.ok(locked.length > 0);
    for (const line of locked) {
      assert.ok(pin(line), line);
      assert.match(line, / --hash=sha256:[0-9a-f]{64}(?: |$)/, line);
    }
  });

  test(`${lock}.txt has what ${lock}.in asks for, and names no index`, () => {
    const locked = new Map(requirements(`${lock}.txt`).map((line) => pin(line) ?? ["", ""]));
    for (const line of requirements(`${lock}.in`)) {
      const [name = line, version = locked.get(line)] = pin(line) ?? [];
      assert.ok(version !== undefined && locked.get(name) === version, line);
    }
    assert.doesNotMatch(readFileSync(join(root, `${lock}.txt`), "utf8"), /:\/\/|index-url|find-links/);
  });
}

test("the back-ends, which share an environment, lock the same version of what both need", () => {
  const [first = [], second = []] = FOLDERS.map((folder) =>
    requirements(`${folder}/requirements.txt`).map((line) => line.replace(/ ;.*?(?= --hash)/, "")),
  );
  const names = new Set(first.map((line) => pin(line)?.[0]));
  const shared = second.filter((line) => names.has(pin(line)?.[0]));
  assert.ok(shared.some((line) => line.startsWith("redis==")));
  for (const line of shared) assert.ok(first.includes(line), line);
});
