/** npm run typecheck: tsc --strict over the scripts, the facade and the examples. */
import { join } from "node:path";
import { root } from "./lib/paths.mjs";
import { runShown } from "./lib/run.mjs";
import { npmBin } from "./lib/tools.mjs";

let passed = true;
for (const project of ["tsconfig.json", "tsconfig.facade.json", "tsconfig.examples.json"]) {
  const clean = await runShown(npmBin("tsc"), ["-p", join(root, project)], { cwd: root });
  console.log(`${project}: ${clean ? "no complaints" : "see above"}`);
  passed &&= clean;
}
if (!passed) process.exitCode = 1;
