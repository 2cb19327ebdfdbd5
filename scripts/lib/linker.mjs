/**
 * What rustc calls as the linker of the core: prepares the object files (wasm-object.mjs), then links as usual.
 *
 * `JOBWIRE_LINKER` names the linker that does it; rustc has its own, rust-lld, on the PATH that it gives its linkers.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { withoutPanics } from "./wasm-object.mjs";

const args = process.argv.slice(2);
let found = 0;
/** A long command line comes as a file, an argument a line. @param {string} arg */
const expanded = (arg) =>
  arg.startsWith("@")
    ? readFileSync(arg.slice(1), "utf8")
        .split(/\r?\n/)
        .map((line) => line.replace(/^"(.*)"$/, "$1"))
    : [arg];

for (const path of args.flatMap(expanded).filter((arg) => arg.endsWith(".o"))) {
  const { object, panics } = withoutPanics(readFileSync(path));
  writeFileSync(path, object);
  found += panics;
}
if (found === 0)
  throw new Error("No function that panics is found: does this compiler name them differently?");

const { JOBWIRE_LINKER: linker = "rust-lld" } = process.env;
const { status, error } = spawnSync(linker, args, { stdio: "inherit" });
if (error) console.error(`The linker ${linker} cannot be run: ${error.message}`);
process.exit(status ?? 1);
