/// <reference path="../pages/window.d.ts" />
/** Runs one attack on a client in a page of its own, and measures what it costs and whether the client still works. */
import { fileURLToPath } from "node:url";
import { openPage } from "../../e2e/support/browser.mjs";
import { servePages } from "../../e2e/support/pages.mjs";
import { HostileServer, optionsFor } from "./hostile-server.mjs";
import { residentBytes } from "./memory.mjs";

/** @typedef {import("./hostile-server.mjs").Protocol} Protocol */
/** @typedef {import("puppeteer-core").Page} Page */

/**
 * @typedef {object} Scene
 * @property {Protocol} protocol
 * @property {HostileServer} server
 * @property {HostileServer} other another origin
 * @property {Page} page
 */

/**
 * @typedef {object} Attack
 * @property {string} name
 * @property {readonly Protocol[]} protocols
 * @property {(scene: Scene) => object} [options] of the client, beside the usual ones
 * @property {boolean} [offline] the client is attacked before it connects
 * @property {(scene: Scene) => Promise<void>} run
 * @property {(scene: Scene) => Promise<Record<string, unknown>>} [facts] what is looked at afterwards
 */

/**
 * @typedef {object} Outcome
 * @property {string} attack
 * @property {Protocol} protocol
 * @property {string | undefined} fault why the page or its client is dead: it crashed, or does not answer
 * @property {boolean} works whether a good job runs to its end with the same client
 * @property {number} wasmBytes the wasm's memory afterwards
 * @property {number} heapBytes what JavaScript's heap has grown by afterwards, without what can be collected
 * @property {number} peakBytes what all processes of the browser have grown by at most
 * @property {number} longestMs the longest task of the page
 * @property {number} tookMs
 * @property {Record<string, unknown>} facts
 * @property {Record<string, number>} counters of `inspect()` that are not 0
 * @property {Record<string, number>} logs how many entries of each code
 */

/** An attack takes no longer, ms; nor does a page that was attacked need longer to answer. */
const ATTACK_MS = 60_000;
const ANSWER_MS = 60_000;
const SAMPLE_MS = 250;

const PAGES = fileURLToPath(new URL("../pages", import.meta.url));

/** Serves the page. @param {string} [pkg] a built package other than that of this tree */
export const serveHostilePages = (pkg) => servePages({ pages: PAGES, ...(pkg && { pkg }) });

/**
 * @template T
 * @param {Promise<T>} promise
 * @param {number} ms
 * @param {string} what
 * @returns {Promise<T>}
 */
function within(promise, ms, what) {
  /** @type {NodeJS.Timeout} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took more than ${ms} ms`)), ms);
  });
  return /** @type {Promise<T>} */ (Promise.race([promise, late])).finally(() => clearTimeout(timer));
}

/** Bytes of JavaScript's heap that are in use after a collection. @param {import("puppeteer-core").CDPSession} session */
async function heapBytes(session) {
  await session.send("HeapProfiler.collectGarbage");
  const { metrics } = await session.send("Performance.getMetrics");
  return metrics.find(({ name }) => name === "JSHeapUsedSize")?.value ?? 0;
}

/** Follows the growth of the browser's memory until it is stopped. @param {number} pid */
function watchMemory(pid) {
  let first = 0;
  let most = 0;
  let isOver = false;
  const sampling = (async () => {
    while (!isOver) {
      const now = await residentBytes(pid);
      first ||= now;
      most = Math.max(most, now);
      await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
    }
  })();
  return async () => {
    isOver = true;
    await sampling;
    return most - first;
  };
}

/** Whether a job of a server that behaves runs to its end. @param {Scene} scene */
async function worksAgain({ protocol, server, page }) {
  server.calm();
  server.jobs.set("good", { job_id: "good", id: "good", status: "processing", progress: 10 });
  await page.evaluate(() => {
    window.client.connect().catch(() => {});
    const handle = window.client.job("good");
    handle.subscribe(() => {});
    window.good = handle.done().then(
      (/** @type {any} */ job) => job.status,
      (/** @type {any} */ error) => String(error),
    );
  });
  const end = { job_id: "good", id: "good", status: "completed", progress: 100 };
  server.jobs.set("good", end);
  const say = setInterval(() => void server.send([server.dialect.completed("good")]), 250);
  try {
    return (
      (await within(
        page.evaluate(() => window.good),
        ANSWER_MS,
        `A good job (${protocol})`,
      )) === "completed"
    );
  } finally {
    clearInterval(say);
  }
}

/**
 * @param {import("puppeteer-core").Browser} browser
 * @param {string} pages address of the page
 * @param {Attack} attack
 * @param {Protocol} protocol
 * @returns {Promise<Outcome>}
 */
export async function runAttack(browser, pages, attack, protocol) {
  const [server, other] = await Promise.all([
    new HostileServer(protocol).listen(),
    new HostileServer(protocol).listen(),
  ]);
  const { page } = await openPage(browser, `${pages}/hostile.html`);
  const scene = { protocol, server, other, page };
  /** @type {Outcome} */
  const outcome = {
    ...{ attack: attack.name, protocol, fault: undefined, works: false, tookMs: 0, longestMs: 0 },
    ...{ wasmBytes: 0, heapBytes: 0, peakBytes: 0, facts: {}, counters: {}, logs: {} },
  };
  const crashed = new Promise((_, reject) => page.once("error", (error) => reject(error)));
  crashed.catch(() => {});
  const began = Date.now();
  const measured = watchMemory(browser.process()?.pid ?? 0);
  try {
    await page.waitForFunction(() => window.isReady);
    const session = await page.createCDPSession();
    await session.send("Performance.enable");
    const options = { ...optionsFor(protocol, server.url), ...attack.options?.(scene) };
    await page.evaluate((given) => window.begin(given), options);
    await page.evaluate(() => window.client.jobs().subscribe(() => {}));
    if (!attack.offline) await page.evaluate(() => window.client.connect());
    const before = await heapBytes(session);
    await page.evaluate(() => (window.longest = 0));
    await Promise.race([crashed, within(attack.run(scene), ATTACK_MS, "The attack")]);
    await Promise.race([crashed, within(look(scene, outcome, attack), ANSWER_MS, "An answer of the page")]);
    outcome.works = await Promise.race([crashed, worksAgain(scene)]).then(Boolean);
    outcome.heapBytes = (await within(heapBytes(session), ANSWER_MS, "A look at the heap")) - before;
    outcome.wasmBytes = await page.evaluate(() => window.wasmBytes());
  } catch (error) {
    outcome.fault = error instanceof Error ? error.message.split("\n")[0] : String(error);
  }
  outcome.wasmBytes ||= await within(
    page.evaluate(() => window.wasmBytes()),
    1000,
    "The wasm's size",
  ).catch(() => 0);
  outcome.tookMs = Date.now() - began;
  outcome.peakBytes = await measured();
  await within(page.close(), ANSWER_MS, "Closing the page").catch(() => {});
  await Promise.all([server.close(), other.close()]);
  return outcome;
}

/** What the client and the page tell when the attack is over. @param {Scene} scene @param {Outcome} outcome @param {Attack} attack */
async function look(scene, outcome, attack) {
  const { page } = scene;
  const told = await page.evaluate(async () => {
    const { counters, queues } = await window.client.inspect();
    return { counters: { ...counters, ...queues }, logs: window.logs, longest: window.longest };
  });
  outcome.counters = Object.fromEntries(Object.entries(told.counters).filter(([, value]) => value !== 0));
  outcome.logs = told.logs;
  outcome.longestMs = Math.round(told.longest);
  outcome.facts = { ...(await attack.facts?.(scene)) };
  // What the attack cost while it was felt; a good job comes after it.
  outcome.wasmBytes = await page.evaluate(() => window.wasmBytes());
}
