import assert from "node:assert/strict";
import { test } from "node:test";
import { steps } from "./steps.mjs";
import { selectSuites, suites } from "./suites.mjs";
import { capabilities, testTargets } from "./wasm-tests.mjs";

test("all suites but the slow ones run unless some are chosen, and chosen ones run in the table's order", () => {
  const slow = ["systems", "conformance", "attacks"];
  const names = suites.map(({ name }) => name);
  assert.deepEqual(
    selectSuites(undefined).map(({ name }) => name),
    names.filter((name) => !slow.includes(name)),
  );
  assert.deepEqual(
    selectSuites("size, conformance, fmt").map(({ name }) => name),
    ["fmt", "conformance", "size"],
  );
});

test("a suite that does not exist is refused with the names of those that do", () => {
  assert.throws(() => selectSuites("e3e"), /no suite "e3e": choose from fmt, .*e2e/);
});

test("suites need set-up steps that exist", () => {
  const ids = new Set(steps.map(({ id }) => id));
  for (const { name, needs } of suites)
    for (const need of needs) assert.ok(ids.has(need), `${name}: ${need}`);
});

test("the browser tests of the crate are told from its native ones by their folder", () => {
  const target = (/** @type {string} */ name, /** @type {string} */ path, kind = "test") => ({
    name,
    kind: [kind],
    src_path: `/project/${path}`,
  });
  const metadata = JSON.stringify({
    packages: [
      {
        targets: [
          target("jobwire", "src/lib.rs", "cdylib"),
          target("web", "tests/web/main.rs"),
          target("sim", "tests/sim/main.rs"),
        ],
      },
    ],
  });
  assert.deepEqual(testTargets("tests/web", metadata), ["web"]);
});

test("a driver is told of its own browser only, at the place it has on this machine", () => {
  const common = {
    "goog:chromeOptions": { args: ["--headless"] },
    "moz:firefoxOptions": { args: ["-headless"] },
  };
  const programs = { CHROME_BIN: "/c", FIREFOX_BIN: "/f", WEBKIT_BROWSER: "/w" };
  assert.deepEqual(capabilities("chrome", common, programs), {
    "goog:chromeOptions": { args: ["--headless"], binary: "/c" },
  });
  assert.deepEqual(capabilities("firefox", common, programs), {
    "moz:firefoxOptions": { args: ["-headless"], binary: "/f" },
  });
  assert.deepEqual(capabilities("webkit", common, programs), {
    "webkitgtk:browserOptions": { binary: "/w", args: ["--automation"] },
  });
});
