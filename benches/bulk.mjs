/** npm run bench:bulk: an import of 10,000 rows in a page, told by the client and by a React state for each message. */
import { parseArgs } from "node:util";
import { sampleCsv } from "../examples/backends/ws/make-sample.mjs";
import { build } from "../scripts/build.mjs";
import { startWs } from "../tests/e2e/support/backend.mjs";
import { launch, machine, Probe } from "./lib/chromium.mjs";
import { fixed, median, table } from "./lib/figures.mjs";
import { serveSite } from "./lib/site.mjs";

const { values } = parseArgs({
  options: { rows: { type: "string", default: "10000" }, rounds: { type: "string", default: "3" } },
});
const [rows, rounds] = [Number(values.rows), Number(values.rounds)];
const WITHIN_MS = 300_000;

await build((text) => console.log(`  ${text}`));
const site = await serveSite();
const browser = await launch();

/** CPU time of the main thread until every track is shown as enriched, in ms. @param {"client" | "message"} way */
async function measure(way) {
  const server = await startWs();
  const probe = await Probe.open(browser, `${site.url}/bulk.html`);
  try {
    const { task } = await probe.during(async () => {
      const show = (/** @type {string} */ name, /** @type {string} */ url) =>
        /** @type {any} */ (globalThis).show(name, url);
      await probe.page.evaluate(show, way, server.url);
      for (;;) {
        const { sockets } = /** @type {any} */ (
          await (await fetch(`${server.url}/api/_control/state`)).json()
        );
        if (sockets > 0) break;
      }
      await fetch(`${server.url}/api/playlists/import`, { method: "POST", body: sampleCsv(rows) });
      await probe.test.eventually(
        (all) => document.querySelector("#summary")?.textContent === JSON.stringify({ enriched: all }),
        { polling: 200, timeout: WITHIN_MS },
        rows,
      );
    });
    return task;
  } finally {
    await probe.close();
    await server.kill();
  }
}

try {
  const { browser: version, cores, date } = await machine(browser);
  console.log(`${version}, ${cores} cores, ${date}; medians of ${rounds}, ${rows} rows\n`);
  /** @type {Record<"client" | "message", number[]>} */
  const spent = { client: [], message: [] };
  for (let round = 0; round < rounds; round++)
    for (const way of /** @type {const} */ (["client", "message"])) spent[way].push(await measure(way));
  const [own, other] = [median(spent.client), median(spent.message)];
  console.log(
    table(
      ["main-thread CPU time", "ms"],
      [
        ["the client", fixed(own, 0)],
        ["a state for each message", fixed(other, 0)],
        ["ratio", fixed(other / own, 1)],
      ],
    ),
  );
} finally {
  await browser.close();
  await site.close();
}
