/**
 * Measures what each attack of a hostile server costs a client in Chromium: `node tests/attacks/measure-client.mjs`.
 * `--pkg <folder>` takes another built package, `--only <text>` the attacks whose name or protocol has it, `--out <file>`
 * writes the outcomes as JSON.
 */
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { launchBrowser } from "../e2e/support/browser.mjs";
import { attacks } from "./support/hostile-attacks.mjs";
import { runAttack, serveHostilePages } from "./support/hostile-client.mjs";

const { values } = parseArgs({
  options: { pkg: { type: "string" }, only: { type: "string" }, out: { type: "string" } },
});

const mib = (/** @type {number} */ bytes) => (bytes / 2 ** 20).toFixed(bytes < 10 * 2 ** 20 ? 1 : 0);

const pages = await serveHostilePages(values.pkg);
const outcomes = [];
console.log(
  "| attack | protocol | wasm, MiB | heap, MiB | peak, MiB | longest task, ms | afterwards | seen |",
);
console.log("|---|---|---|---|---|---|---|---|");
try {
  for (const attack of attacks) {
    for (const protocol of attack.protocols) {
      if (values.only && !`${attack.name} ${protocol}`.includes(values.only)) continue;
      // One for each: what is left of one attack is not measured with the next.
      const browser = await launchBrowser("chromium");
      const outcome = await runAttack(browser, pages.url, attack, protocol);
      await browser.close();
      outcomes.push(outcome);
      if (values.out) await writeFile(values.out, JSON.stringify(outcomes, undefined, 2));
      const { fault, works, wasmBytes, heapBytes, peakBytes, longestMs, facts, counters, logs } = outcome;
      const seen = JSON.stringify({ ...facts, ...counters, ...logs }).replaceAll(/["{}]/g, "");
      const state = fault ?? (works ? "works" : "does not work");
      const figures = [wasmBytes, heapBytes, peakBytes].map(mib).join(" | ");
      console.log(`| ${attack.name} | ${protocol} | ${figures} | ${longestMs} | ${state} | ${seen} |`);
    }
  }
} finally {
  await pages.close();
}
