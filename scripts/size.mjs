/** npm run size: what the package weighs on the wire; fails where a protocol's page is above its budget. */
import { build } from "./build.mjs";
import { root } from "./lib/paths.mjs";
import { runShown } from "./lib/run.mjs";
import { pages, table, weigh } from "./lib/size.mjs";
import { npmBin } from "./lib/tools.mjs";

try {
  await build((text) => console.log(`  ${text}`));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
const rows = (await pages()).map(({ name, files }) => [name, weigh(files)]);
console.log(table(Object.fromEntries(rows)));
console.log();
if (!(await runShown(npmBin("size-limit"), [], { cwd: root }))) process.exitCode = 1;
