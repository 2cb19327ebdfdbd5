/** The facade's files import each other in one direction: a circle, of types alone too, fails here. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { cruise } from "dependency-cruiser";
import extractTsConfig from "dependency-cruiser/config-utl/extract-ts-config";
import { root } from "./paths.mjs";

const SOURCE = "pkg-template/src";

/** @param {readonly string[]} files or folders of the project */
async function circlesIn(files) {
  const { output } = await cruise(
    [...files],
    {
      baseDir: root,
      // Imports of types count, and so do those that are only loaded on first use.
      tsPreCompilationDeps: true,
      validate: true,
      ruleSet: { forbidden: [{ name: "no-circle", severity: "error", from: {}, to: { circular: true } }] },
    },
    undefined,
    { tsConfig: extractTsConfig(join(root, "tsconfig.build.json")) },
  );
  assert.ok(typeof output === "object", "The imports could not be read.");
  const circles = output.summary.violations.map(({ from, cycle = [] }) =>
    [from, ...cycle.map(({ name }) => name)].join(" → "),
  );
  return { circles, count: output.summary.totalCruised };
}

test("no file of the facade imports itself by way of others", async () => {
  const { circles, count } = await circlesIn([SOURCE]);
  assert.ok(count > 0);
  assert.deepEqual(circles, []);
});
