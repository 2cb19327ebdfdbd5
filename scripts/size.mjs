/** npm run size: what the package weighs on the wire; fails above the limit. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "./build.mjs";
import { pkgDir, targetDir } from "./lib/paths.mjs";
import { LIMIT, largest, measure, table } from "./lib/size.mjs";

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

const found = largest(totals);
/** @param {number} bytes */
const inWords = (bytes) => `${bytes.toLocaleString("en")} bytes (gzip)`;
if (found <= LIMIT) {
  console.log(`within the limit of ${inWords(LIMIT)} for all that one page downloads`);
} else {
  console.error(
    `above the limit of ${inWords(LIMIT)} for all that one page downloads, by ${inWords(found - LIMIT)}`,
  );
  process.exitCode = 1;
}
