/** npm run size: what the package weighs on the wire; fails above the limit. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "./build.mjs";
import { pkgDir, targetDir } from "./lib/paths.mjs";
import { LIMIT, measure, table, withinLimit } from "./lib/size.mjs";

try {
  await build((text) => console.log(`  ${text}`));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
const { parts, totals } = await measure(pkgDir);
console.log(table({ ...parts, ...totals }));
mkdirSync(targetDir, { recursive: true });
writeFileSync(
  join(targetDir, "size.json"),
  `${JSON.stringify({ limit: LIMIT, parts, totals }, undefined, 2)}\n`,
);

const limit = LIMIT.toLocaleString("en");
if (withinLimit(totals)) {
  console.log(`within the limit of ${limit} bytes (gzip) for all that one page downloads`);
} else {
  console.error(`above the limit of ${limit} bytes (gzip) for all that one page downloads`);
  process.exitCode = 1;
}
