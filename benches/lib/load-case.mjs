/** One case of the load test: a fresh server, a fresh page with 1,000 bars, one load, and what became of it. */
import { setTimeout as delay } from "node:timers/promises";
import { startServer } from "./app.mjs";
import { Probe } from "./chromium.mjs";
import { loadEnded, postLoad } from "./load-control.mjs";

const JOBS = 1000;
/** Of the jobs' ids. */
const PREFIX = "load";
/** For the page to load, to connect and to read every job once before the first event. */
const DELAY = 15_000;
const SETTLED_WITHIN = 60_000;
/** Heap and wasm memory may end this much above their level, in MB: code that was compiled meanwhile, caches. */
const HEAP_SLACK = 4;

/**
 * @typedef {object} LoadCase
 * @property {string} name
 * @property {boolean} shared one socket for all, or one a job as far as maxSockets allows
 * @property {boolean} worker
 * @property {number} rate events a second
 * @property {number} frame events in a frame
 * @property {number} seconds
 * @property {number} maxSockets
 * @property {number} [goal] highest p95 of the page's frames, in ms
 */

/** @typedef {Awaited<ReturnType<typeof runCase>>} LoadResult */

/** What runs in the page; `window.bench` is that of examples/react/src/bench. */
const inPage = {
  start: () => /** @type {any} */ (globalThis).bench.start(),
  stop: () => /** @type {any} */ (globalThis).bench.stop(),
  states: () => /** @type {any} */ (globalThis).bench.states(),
  close: () => /** @type {any} */ (globalThis).bench.client.close(),
  inspect: async () => {
    const { counters, queues } = await /** @type {any} */ (globalThis).bench.client.inspect();
    return { counters, queues };
  },
  /** The jobs that are not as the server has them. */
  wrong: () => {
    const { ids, client } = /** @type {any} */ (globalThis).bench;
    return ids.filter((/** @type {string} */ id) => {
      const { status, progress, resultUrl } = client.job(id).current;
      return status !== "completed" || progress !== 100 || resultUrl !== `/api/v1/results/${id}`;
    });
  },
  /** @param {string} status @param {number} count */
  all: (status, count) => /** @type {any} */ (globalThis).bench?.states()[status] === count,
};

/** Where the client's reads are noted: the page, or its worker. @param {Probe} probe */
const readers = ({ page }) => page.workers()[0] ?? page;

/** How often each job has been read since `recordReads`. @param {Probe} probe */
async function readsOfEach(probe) {
  const paths = await readers(probe).evaluate(() =>
    performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname),
  );
  const counts = new Map();
  for (const path of paths) counts.set(path, (counts.get(path) ?? 0) + 1);
  return Array.from({ length: JOBS }, (_, index) =>
    Number(counts.get(`/api/v1/jobs/${PREFIX}-${index}`) ?? 0),
  );
}

/** @param {Probe} probe */
const recordReads = (probe) =>
  readers(probe).evaluate(() => {
    performance.setResourceTimingBufferSize(100_000);
    performance.clearResourceTimings();
  });

/** @param {readonly number[]} counts */
function spread(counts) {
  const sorted = [...counts].sort((a, b) => a - b);
  return { least: sorted[0] ?? 0, median: sorted[sorted.length >> 1] ?? 0, most: sorted.at(-1) ?? 0 };
}

/** @param {string} server */
async function serverState(server) {
  const answer = await fetch(`${server}/api/v1/_control/state`);
  return /** @type {any} */ (await answer.json());
}

/**
 * @param {import("puppeteer-core").Browser} browser
 * @param {LoadCase} test
 */
export async function runCase(browser, test) {
  const server = await startServer();
  try {
    return await measure(browser, test, server.url);
  } finally {
    await server.stop();
  }
}

/**
 * @param {import("puppeteer-core").Browser} browser
 * @param {LoadCase} test
 * @param {string} server
 */
async function measure(browser, test, server) {
  const { rate, frame, seconds, worker, shared, maxSockets } = test;
  const begins = performance.now() + DELAY;
  const { events } = await postLoad(server, {
    jobs: JOBS,
    rate,
    frame,
    seconds,
    delay: DELAY,
    prefix: PREFIX,
  });
  const query = new URLSearchParams({ jobs: String(JOBS), prefix: PREFIX, maxSockets: String(maxSockets) });
  if (worker) query.set("worker", "1");
  if (shared) query.set("shared", "1");
  const probe = await Probe.open(browser, `${server}/bench.html?${query}`);
  try {
    await probe.test.eventually(inPage.all, { timeout: DELAY }, "running", JOBS);
    const [heapBefore, wasmBefore] = [await probe.heap(), await probe.wasmMemory()];
    const left = begins - performance.now();
    if (left < 0) throw new Error("The page was not ready in time; the machine is too busy for this test.");
    await delay(left);
    await recordReads(probe);
    await probe.page.evaluate(inPage.start);
    const { task, value: took } = await probe.during(async () => {
      await loadEnded(server, seconds * 1000);
      await probe.test.eventually(inPage.all, { timeout: SETTLED_WITHIN }, "completed", JOBS).catch(() => {});
      return performance.now() - begins;
    });
    const frames = await probe.page.evaluate(inPage.stop);
    const { counters, queues } = await probe.page.evaluate(inPage.inspect);
    const wrong = await probe.page.evaluate(inPage.wrong);
    const state = await serverState(server);
    const reads = await readsOfEach(probe);
    const wasmAfter = await probe.wasmMemory();
    await probe.page.evaluate(inPage.close);
    await delay(1500);
    const heapAfter = await probe.heap();
    const result = {
      ...test,
      events: shared ? events + JOBS : undefined,
      received: counters.events,
      invalid: counters.invalid,
      overflowed: queues.overflowed,
      framesSent: state.counters?.sent ?? state.sent,
      framesReceived: counters.frames,
      mostSockets: state.counters?.mostSockets ?? state.mostSockets,
      wrong: wrong.length,
      frames: { ...frames, longTasks: frames.longTasks.length },
      busyShare: task / took,
      tookSeconds: took / 1000,
      heap: { before: heapBefore, after: heapAfter },
      wasm: { before: wasmBefore, after: wasmAfter },
      errors: probe.test.errors,
      reads: shared ? undefined : spread(reads.slice(maxSockets)),
    };
    return { ...result, failures: failuresOf(result), misses: missesOf(result) };
  } finally {
    await probe.close();
  }
}

/**
 * What must never be.
 * @param {LoadCase & { events: number | undefined, received: number, invalid: number, overflowed: number,
 *   framesSent: number, framesReceived: number, wrong: number, errors: string[] }} result
 */
function failuresOf(result) {
  const { events, received, invalid, overflowed, framesSent, framesReceived, wrong, errors } = result;
  const failures = [...errors];
  if (events !== undefined && received !== events) failures.push(`${received} of ${events} events arrived`);
  // A job's own socket is closed as soon as a read has found its end, whatever is still on its way.
  if (result.shared && framesReceived !== framesSent)
    failures.push(`${framesReceived} of ${framesSent} frames arrived`);
  if (invalid) failures.push(`${invalid} events were refused`);
  if (overflowed) failures.push(`${overflowed} events were dropped`);
  if (wrong) failures.push(`${wrong} jobs are not as the server has them`);
  return failures;
}

/** @param {LoadCase & { frames: { p95: number }, mostSockets: number, heap: { before: number, after: number } }} result */
function missesOf({ goal, shared, maxSockets, mostSockets, frames, heap }) {
  const misses = [];
  const allowed = shared ? 1 : maxSockets;
  // A socket that closes while the next one opens is still one to the server.
  if (mostSockets > allowed)
    misses.push(`the server saw ${mostSockets} sockets at once, ${allowed} are allowed`);
  if (goal !== undefined && frames.p95 >= goal) {
    misses.push(`p95 of the page's frames is ${frames.p95.toFixed(1)} ms, the goal is below ${goal} ms`);
  }
  if (heap.after > heap.before + HEAP_SLACK) {
    misses.push(`the heap went from ${heap.before.toFixed(1)} to ${heap.after.toFixed(1)} MB`);
  }
  return misses;
}
