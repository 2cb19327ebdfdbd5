/** Real frames over a real socket: the whole main thread, the browser's own work included. */
import { setTimeout as delay } from "node:timers/promises";
import { startEmbeddedServer } from "../../tests/e2e/support/backend.mjs";
import { Probe } from "./chromium.mjs";
import { fixed, median, table } from "./figures.mjs";
import { loadEnded, postLoad } from "./load-control.mjs";

const WAYS = ["counter", "zod", "jobwire"];
const JOBS = 1000;
const RATE = 2000;
const SECONDS = 5;
/** For the page to connect before the first event. */
const DELAY = 1000;
/** For what the server has sent to be taken in. */
const ARRIVED_WITHIN_MS = 60_000;

/** @typedef {{ way: string, taskMs: number, scriptMs: number, longTasks: number, perEvent: number }} SocketResult */

const inPage = {
  /** @param {string} way @param {string} server @param {readonly string[]} ids */
  begin: (way, server, ids) => /** @type {any} */ (globalThis).sockets.begin(way, server, ids),
  /** @returns {Promise<number>} */
  events: () => /** @type {any} */ (globalThis).sockets.events(),
  /** @returns {readonly number[]} */
  longTasks: () => /** @type {any} */ (globalThis).sockets.longTasks(),
  close: () => /** @type {any} */ (globalThis).sockets.close(),
};

/**
 * @param {import("puppeteer-core").Browser} browser
 * @param {string} site
 * @param {{ rounds: number }} options
 * @returns {Promise<SocketResult[]>}
 */
export async function measureSockets(browser, site, { rounds }) {
  const server = await startEmbeddedServer({ env: { HEARTBEAT_MS: "600000" } });
  /** @type {Record<string, { task: number, script: number, longTasks: number }[]>} */
  const measured = Object.fromEntries(WAYS.map((way) => [way, []]));
  try {
    for (let round = 0; round < rounds; round += 1) {
      for (let turn = 0; turn < WAYS.length; turn += 1) {
        const way = /** @type {string} */ (WAYS[(turn + round) % WAYS.length]);
        const prefix = `${way}-${round}`;
        measured[way]?.push(await oneRun(browser, site, server.url, way, prefix));
      }
    }
  } finally {
    await server.stop();
  }
  return WAYS.map((way) => {
    const runs = measured[way] ?? [];
    const taskMs = median(runs.map(({ task }) => task));
    return {
      way,
      taskMs,
      scriptMs: median(runs.map(({ script }) => script)),
      longTasks: median(runs.map(({ longTasks }) => longTasks)),
      perEvent: (taskMs * 1000) / (RATE * SECONDS),
    };
  });
}

/**
 * How many events came, once they are all there or the time for that is up: the server has sent them, which says nothing
 * about a page that has much to do.
 * @param {import("puppeteer-core").Page} page
 * @param {number} total
 */
async function arrived(page, total) {
  const deadline = performance.now() + ARRIVED_WITHIN_MS;
  for (;;) {
    const events = await page.evaluate(inPage.events);
    if (events >= total || performance.now() > deadline) return events;
    await delay(100);
  }
}

/**
 * @param {import("puppeteer-core").Browser} browser
 * @param {string} site
 * @param {string} server
 * @param {string} way
 * @param {string} prefix
 */
async function oneRun(browser, site, server, way, prefix) {
  const probe = await Probe.open(browser, `${site}/sockets.html`);
  try {
    await probe.test.eventually(() => "sockets" in globalThis);
    const ids = Array.from({ length: JOBS }, (_, index) => `${prefix}-${index}`);
    await probe.page.evaluate(inPage.begin, way, server, ids);
    await probe.collectGarbage();
    const load = { jobs: JOBS, rate: RATE, frame: 1, seconds: SECONDS, delay: DELAY, prefix };
    const total = RATE * SECONDS + JOBS;
    const { task, script } = await probe.during(async () => {
      await postLoad(server, load);
      await loadEnded(server, (SECONDS + 1) * 1000 + DELAY);
    });
    // Not measured: asking is work of its own.
    const events = await arrived(probe.page, total);
    if (events !== total) throw new Error(`${way} got ${events} of ${total} events`);
    const longTasks = (await probe.page.evaluate(inPage.longTasks)).length;
    await probe.page.evaluate(inPage.close);
    return { task, script, longTasks };
  } finally {
    await probe.close();
  }
}

/** @param {readonly SocketResult[]} results */
export const socketTable = (results) =>
  table(
    ["way", `tasks, ms in ${SECONDS} s`, "of it script", "µs an event", "long tasks"],
    results.map(({ way, taskMs, scriptMs, perEvent, longTasks }) => [
      way,
      fixed(taskMs, 0),
      fixed(scriptMs, 0),
      fixed(perEvent, 1),
      longTasks,
    ]),
  );

/** @param {readonly SocketResult[]} results */
export function socketMisses(results) {
  const [, zod, jobwire] = WAYS.map((way) => results.find((result) => result.way === way));
  if (!zod || !jobwire || jobwire.taskMs <= zod.taskMs) return [];
  return [
    `2,000 single frames a second: ${fixed(jobwire.taskMs / zod.taskMs)}× of JSON.parse + zod + Map over a real socket`,
  ];
}
