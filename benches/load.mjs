/** npm run test:load: 1,000 jobs at once in a real browser. Fails on a lost event or a wrong state, never on a time. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "../scripts/build.mjs";
import { targetDir } from "../scripts/lib/paths.mjs";
import { buildApp } from "./lib/app.mjs";
import { launch, machine } from "./lib/chromium.mjs";
import { fixed, table } from "./lib/figures.mjs";
import { runCase } from "./lib/load-case.mjs";

const { values } = parseArgs({
  options: { only: { type: "string" }, seconds: { type: "string", default: "10" } },
});
const seconds = Number(values.seconds);

/** @type {import("./lib/load-case.mjs").LoadCase[]} */
const cases = [];
for (const worker of [false, true]) {
  const where = worker ? "worker" : "page";
  const rest = { worker, seconds, maxSockets: 32 };
  const goal = worker ? 20 : undefined;
  cases.push(
    { name: `sockets, ${where}`, shared: false, rate: 2000, frame: 1, ...rest },
    { name: `singles, ${where}`, shared: true, rate: 2000, frame: 1, goal: goal ?? 34, ...rest },
    { name: `arrays, ${where}`, shared: true, rate: 100_000, frame: 100, goal: goal ?? 50, ...rest },
  );
}

await build((text) => console.log(`  ${text}`));
await buildApp();
const browser = await launch();
const results = [];
let failed = false;
try {
  const where = await machine(browser);
  console.log(`${where.browser}, ${where.cores} cores, ${where.date}; 1,000 jobs, ${seconds} s each`);
  for (const test of cases.filter(({ name }) => !values.only || name.includes(values.only))) {
    console.log(`${test.name} …`);
    const result = await runCase(browser, test);
    results.push(result);
    for (const failure of result.failures) console.log(`${test.name}: FAILED: ${failure}`);
    for (const miss of result.misses) console.log(`miss: ${test.name}: ${miss}`);
    if (result.reads) {
      const { least, median, most } = result.reads;
      console.log(
        `${test.name}: at most ${result.mostSockets} sockets; each polled job was read ` +
          `${least} to ${most} times, ${median} in the middle`,
      );
    }
    failed ||= result.failures.length > 0;
  }
  console.log(
    `\n${table(
      [
        "case",
        "events",
        "wrong",
        "p50",
        "p95",
        "p99",
        "max",
        "goal",
        "long tasks",
        "told",
        "busy",
        "s",
        "heap MB",
        "wasm MB",
      ],
      results.map(({ name, received, wrong, frames, goal, busyShare, tookSeconds, heap, wasm }) => [
        name,
        received,
        wrong,
        ...[frames.p50, frames.p95, frames.p99, frames.max].map((ms) => fixed(ms, 1)),
        goal === undefined ? "" : `< ${goal}`,
        frames.longTasks,
        frames.notified,
        `${fixed(busyShare * 100, 0)} %`,
        fixed(tookSeconds, 1),
        `${fixed(heap.before, 1)} → ${fixed(heap.after, 1)}`,
        `${fixed(wasm.before, 1)} → ${fixed(wasm.after, 1)}`,
      ]),
    )}`,
  );
  mkdirSync(targetDir, { recursive: true });
  writeFileSync(
    join(targetDir, "load.json"),
    `${JSON.stringify({ machine: where, results }, undefined, 2)}\n`,
  );
} finally {
  await browser.close();
}
console.log(failed ? "something was lost: see above" : "nothing was lost");
if (failed) process.exitCode = 1;
