/** Bun, which one back-end runs on; it comes with that back-end's npm packages. */
import { join } from "node:path";
import { npmPackagesInstalled } from "./npm-packages.mjs";
import { root } from "./paths.mjs";
import { capture, runLogged } from "./run.mjs";
import { versionIn } from "./tools.mjs";

export const BUN_BACKEND = join(root, "examples", "backends", "bun");
const PROGRAM = join(BUN_BACKEND, "node_modules", ".bin", "bun");

/** @returns {{ program: string, version: string } | undefined} */
export function findBun() {
  if (!npmPackagesInstalled(BUN_BACKEND)) return undefined;
  const version = versionIn(capture(PROGRAM, ["--version"]).out);
  return version === undefined ? undefined : { program: PROGRAM, version };
}

/** @param {{ log: string, onLine: (line: string) => void }} tools */
export async function installBun({ log, onLine }) {
  return (await runLogged("npm", ["ci", "--no-audit", "--no-fund"], { log, onLine, cwd: BUN_BACKEND })).ok;
}
