/** One import of many rows, shown in one way by a fresh page: what it cost, and what became of its messages. */
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { WebSocket } from "ws";
import { sampleCsv } from "../../examples/backends/ws/make-sample.mjs";
import { startWs } from "../../tests/e2e/support/backend.mjs";
import { tasksDuring } from "../../tests/e2e/support/tasks.mjs";
import { Probe } from "./chromium.mjs";

/** @typedef {import("../pages/bulk.mjs").Way} Way */
/** @typedef {{ received: number, taken: number, told: number, renders: number, enriched: number }} Tally */

const WITHIN_MS = 300_000;
/** From which on a task of the main thread is long: https://w3c.github.io/longtasks/ */
const LONG_TASK_MS = 50;

/** What runs in the page. */
const inPage = {
  /** @param {Way} way @param {string} url */
  show: (way, url) => /** @type {any} */ (globalThis).bulk.show(way, url),
  /** @returns {Promise<Tally>} */
  read: () => /** @type {any} */ (globalThis).bulk.read(),
  /** @param {number} sent */
  hasAll: async (sent) => (await /** @type {any} */ (globalThis).bulk.read()).received >= sent,
  /** Renders that are due are done by then. */
  frames: () =>
    new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done)))),
};

/** Hears what every socket is sent, to the end. @param {string} url @param {number} rows */
function witness(url, rows) {
  const socket = new WebSocket(url.replace("http", "ws"));
  let aboutTracks = 0;
  const ended = new Promise((resolve) => {
    socket.on("message", (frame) => {
      const message = JSON.parse(String(frame));
      const data = message.data ?? message;
      if (data.trackId !== undefined) aboutTracks += 1;
      // The last that is told, about a second after the last track.
      if ((message.type ?? message.event) === "analytics_updated" && data.enriched === rows)
        resolve(undefined);
    });
  });
  return {
    opened: once(socket, "open"),
    /** How many messages about tracks there were. */
    async count() {
      await ended;
      return aboutTracks;
    },
    close: () => socket.terminate(),
  };
}

/** @param {string} server */
async function socketsOf(server) {
  const { sockets } = /** @type {{ sockets: number }} */ (
    await (await fetch(`${server}/api/_control/state`)).json()
  );
  return sockets;
}

/**
 * @param {import("puppeteer-core").Browser} browser
 * @param {string} site
 * @param {Way} way
 * @param {number} rows
 * @param {(probe: Probe, work: () => Promise<void>) => Promise<Measured>} measure
 * @template Measured
 */
async function importRows(browser, site, way, rows, measure) {
  const server = await startWs();
  const heard = witness(server.url, rows);
  const probe = await Probe.open(browser, `${site}/bulk.html`);
  try {
    await heard.opened;
    let sent = 0;
    const measured = await measure(probe, async () => {
      await probe.page.evaluate(inPage.show, way, server.url);
      const deadline = performance.now() + WITHIN_MS;
      while ((await socketsOf(server.url)) < 2) {
        if (performance.now() > deadline) throw new Error("The page does not connect.");
        await delay(50);
      }
      await fetch(`${server.url}/api/playlists/import`, { method: "POST", body: sampleCsv(rows) });
      sent = await heard.count();
      await probe.test.eventually(inPage.hasAll, { polling: 200, timeout: WITHIN_MS }, sent);
      await probe.page.evaluate(inPage.frames);
    });
    const { taken, told, renders, enriched } = await probe.page.evaluate(inPage.read);
    return { measured, sent, told, renders, lost: sent - taken, wrong: rows - enriched };
  } finally {
    heard.close();
    await probe.close();
    await server.kill();
  }
}

/**
 * CPU time of the main thread, in ms.
 * @param {import("puppeteer-core").Browser} browser
 * @param {string} site
 * @param {Way} way
 * @param {number} rows
 */
export async function measureBulk(browser, site, way, rows) {
  const { measured, ...counts } = await importRows(browser, site, way, rows, async (probe, work) => {
    const { task } = await probe.during(work);
    return task;
  });
  return { cpuMs: measured, ...counts };
}

/**
 * Long tasks, by CPU time. In an import of its own: a browser that notes them has more to do.
 * @param {import("puppeteer-core").Browser} browser
 * @param {string} site
 * @param {Way} way
 * @param {number} rows
 */
export async function longTasksOf(browser, site, way, rows) {
  const { measured } = await importRows(browser, site, way, rows, (probe, work) =>
    tasksDuring(probe.page, work),
  );
  const times = measured.map(({ ms }) => ms);
  return { long: times.filter((ms) => ms > LONG_TASK_MS).length, longest: Math.max(0, ...times) };
}
