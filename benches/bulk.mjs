/**
 * npm run bench:bulk: an import of 10,000 rows in a page, told by the client, by a React state for each message, and by
 * a hook's last message.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "../scripts/build.mjs";
import { targetDir } from "../scripts/lib/paths.mjs";
import { longTasksOf, measureBulk } from "./lib/bulk-case.mjs";
import { launch, machine } from "./lib/chromium.mjs";
import { fixed, median, table } from "./lib/figures.mjs";
import { serveSite } from "./lib/site.mjs";

const { values } = parseArgs({
  options: { rows: { type: "string", default: "10000" }, rounds: { type: "string", default: "2" } },
});
const [rows, rounds] = [Number(values.rows), Number(values.rounds)];

/** @type {Record<import("./pages/bulk.mjs").Way, string>} */
const WAYS = {
  client: "the client",
  worker: "the client, in a worker",
  message: "a state for each message",
  hook: "a hook's last message",
};
const ways = /** @type {(keyof typeof WAYS)[]} */ (Object.keys(WAYS));

await build((text) => console.log(`  ${text}`));
const site = await serveSite();
const browser = await launch();
try {
  const where = await machine(browser);
  console.log(`${where.browser}, ${where.cores} cores, ${where.date}; medians of ${rounds}, ${rows} rows\n`);
  /** @type {Record<string, Awaited<ReturnType<typeof measureBulk>>[]>} */
  const measured = {};
  // In turn, so that what else the machine does meets all of them.
  for (let round = 0; round < rounds; round++)
    for (const way of ways) (measured[way] ??= []).push(await measureBulk(browser, site.url, way, rows));
  const results = [];
  for (const way of ways) {
    const own = measured[way] ?? [];
    const middle = (/** @type {"cpuMs" | "sent" | "told" | "renders" | "lost" | "wrong"} */ name) =>
      median(own.map((one) => one[name]));
    results.push({
      way,
      cpuMs: middle("cpuMs"),
      sent: middle("sent"),
      told: middle("told"),
      renders: middle("renders"),
      lost: middle("lost"),
      wrong: middle("wrong"),
      ...(await longTasksOf(browser, site.url, way, rows)),
      rounds: own,
    });
  }
  console.log(
    table(
      ["", "CPU, ms", "told", "renders", "tasks > 50 ms", "longest, ms", "messages lost", "tracks wrong"],
      results.map(({ way, cpuMs, told, renders, long, longest, lost, wrong }) => [
        WAYS[way],
        fixed(cpuMs, 0),
        told,
        renders,
        long,
        fixed(longest, 0),
        lost,
        wrong,
      ]),
    ),
  );
  mkdirSync(targetDir, { recursive: true });
  const report = { machine: where, rows, results };
  writeFileSync(join(targetDir, "bulk.json"), `${JSON.stringify(report, undefined, 2)}\n`);
} finally {
  await browser.close();
  await site.close();
}
