/** npm run size: what the package weighs on the wire; fails where a protocol's page is above its budget. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "./build.mjs";
import { pkgDir, targetDir } from "./lib/paths.mjs";
import { BUDGETS, excesses, measure, table } from "./lib/size.mjs";

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
  `${JSON.stringify({ budgets: BUDGETS, parts, totals }, undefined, 2)}\n`,
);

const found = excesses(totals);
for (const text of found) console.error(text);
if (found.length > 0) process.exitCode = 1;
const budgets = Object.entries(BUDGETS).map(([name, bytes]) => `${name} ${bytes.toLocaleString("en")}`);
console.log(`budgets in bytes (brotli) for all that one page downloads: ${budgets.join(", ")}`);
