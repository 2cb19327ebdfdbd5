/** npm run bench: what an event costs the page's main thread, beside what an app would write by itself. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "../scripts/build.mjs";
import { targetDir } from "../scripts/lib/paths.mjs";
import { launch, machine } from "./lib/chromium.mjs";
import { measureMicro, microMisses, microTable } from "./lib/micro.mjs";
import { serveSite } from "./lib/site.mjs";
import { measureSockets, socketMisses, socketTable } from "./lib/sockets.mjs";

const { values } = parseArgs({
  options: {
    pkg: { type: "string" },
    rounds: { type: "string", default: "7" },
    only: { type: "string" },
    profile: { type: "string" },
  },
});
const rounds = Number(values.rounds);
/** @param {string} part */
const wanted = (part) => values.only === undefined || values.only === part;

if (!values.pkg) await build((text) => console.log(`  ${text}`));
const site = await serveSite({ pkg: values.pkg });
const browser = await launch();
try {
  const where = await machine(browser);
  console.log(`${where.browser}, ${where.cores} cores, ${where.date}; medians of ${rounds}\n`);
  const misses = [];
  /** @type {Record<string, unknown>} */
  const results = { machine: where, rounds };
  if (wanted("micro")) {
    const micro = await measureMicro(browser, site.url, { rounds, profile: values.profile });
    console.log(
      "Main-thread CPU time for one event of 179 bytes, 1,000 jobs, in µs; the counter's is taken off",
    );
    console.log(`${microTable(micro)}\n`);
    misses.push(...microMisses(micro));
    results["micro"] = micro;
  }
  if (wanted("sockets")) {
    const sockets = await measureSockets(browser, site.url, { rounds });
    console.log("Main-thread CPU time for 2,000 single frames a second over a real socket, 1,000 jobs");
    console.log(`${socketTable(sockets)}\n`);
    misses.push(...socketMisses(sockets));
    results["sockets"] = sockets;
  }
  for (const miss of misses) console.log(`miss: ${miss}`);
  if (misses.length === 0) console.log("every goal is met");
  mkdirSync(targetDir, { recursive: true });
  writeFileSync(join(targetDir, "bench.json"), `${JSON.stringify({ ...results, misses }, undefined, 2)}\n`);
} finally {
  await browser.close();
  await site.close();
}
