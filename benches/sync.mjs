/** npm run bench:sync: how soon two screens of the karaoke page are in step, on both servers of system B. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "../scripts/build.mjs";
import { buildPage } from "../scripts/lib/demo.mjs";
import { targetDir } from "../scripts/lib/paths.mjs";
import { startEmbeddedServer } from "../tests/e2e/support/backend.mjs";
import { KARAOKE_SERVERS } from "../tests/e2e/support/karaoke.mjs";
import { launch, machine } from "./lib/chromium.mjs";
import { measureSync, syncMisses, syncTable } from "./lib/sync.mjs";

const { values } = parseArgs({
  options: {
    actions: { type: "string", default: "200" },
    losses: { type: "string", default: "5" },
    seconds: { type: "string", default: "10" },
  },
});
const [actions, losses, seconds] = [Number(values.actions), Number(values.losses), Number(values.seconds)];

await build((text) => console.log(`  ${text}`));
buildPage();
const host = await startEmbeddedServer();
const browsers = [await launch(), await launch()];
try {
  const [first, second] = browsers;
  if (!first || !second) throw new Error("There is no second browser.");
  const where = await machine(first);
  console.log(`${where.browser} twice, ${where.cores} cores, ${where.date}\n`);
  const results = [];
  for (const { name, start } of KARAOKE_SERVERS) {
    const server = await start();
    try {
      const measured = await measureSync({
        browsers: [first, second],
        host,
        server,
        actions,
        losses,
        seconds,
      });
      results.push({ name, ...measured });
    } finally {
      await server.kill();
    }
  }
  console.log(
    `Times in ms: ${actions} changes, each from the action in one browser to the frame that shows it in the other; ` +
      `${losses} losses of ${seconds} s each, from the network's return to the missed change shown`,
  );
  console.log(`${syncTable(results)}\n`);
  const misses = syncMisses(results);
  for (const miss of misses) console.log(`miss: ${miss}`);
  if (misses.length === 0) console.log("every goal is met");
  mkdirSync(targetDir, { recursive: true });
  const report = { machine: where, actions, losses, seconds, results, misses };
  writeFileSync(join(targetDir, "sync.json"), `${JSON.stringify(report, undefined, 2)}\n`);
} finally {
  await Promise.all(browsers.map((browser) => browser.close()));
  await host.kill();
}
