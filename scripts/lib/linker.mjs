#!/usr/bin/env node
/**
 * What rustc calls as the linker of the core: prepares the object files (wasm-object.mjs), then links as usual.
 *
 * `LINKER` names the linker that does it; rustc has its own, rust-lld, on the PATH that it gives its linkers.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { withoutPanics } from "./wasm-object.mjs";

const args = process.argv.slice(2);
let found = 0;
for (const path of args.filter((arg) => arg.endsWith(".o"))) {
  const { object, panics } = withoutPanics(readFileSync(path));
  writeFileSync(path, object);
  found += panics;
}
if (found === 0)
  throw new Error("No function that panics is found: does this compiler name them differently?");

const { LINKER = "rust-lld" } = process.env;
const { status, error } = spawnSync(LINKER, args, { stdio: "inherit" });
if (error) console.error(`${LINKER}: ${error.message}`);
process.exit(status ?? 1);
