/** npm run typecheck: tsc --strict over the scripts, the facade and the examples. */
import { join } from "node:path";
import { root } from "./lib/paths.mjs";
import { runShown } from "./lib/run.mjs";
import { npmBin } from "./lib/tools.mjs";

let passed = true;
const projects = [
  "tsconfig.json",
  "tsconfig.facade.json",
  "tsconfig.examples.json",
  join("examples", "backends", "bun", "tsconfig.json"),
];
for (const project of projects) {
  const clean = await runShown(npmBin("tsc"), ["-p", join(root, project)], { cwd: root });
  console.log(`${project}: ${clean ? "no complaints" : "see above"}`);
  passed &&= clean;
}
if (!passed) process.exitCode = 1;
