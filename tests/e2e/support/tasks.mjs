/** Tasks of a page's main thread, as Chromium's tracing has them. */

/** @typedef {{ ms: number, scripts: string[] }} Task CPU time, and the addresses of the scripts that ran */
/**
 * @typedef {object} TraceEvent
 * @property {string} name
 * @property {number} pid
 * @property {number} tid
 * @property {number} ts µs
 * @property {number} [dur] µs by the clock
 * @property {number} [tdur] µs of CPU time of the thread
 * @property {{ data?: { url?: string } }} args
 */

const CATEGORIES = ["devtools.timeline", "disabled-by-default-devtools.timeline", "blink.user_timing"];
const BUFFER_KB = 400_000;
const TASK = "RunTask";
/** What runs code; that of microtasks tells no address. */
const RUNS = new Set(["FunctionCall", "EvaluateScript", "v8.evaluateModule", "RunMicrotasks"]);
const MICROTASKS = "microtasks";
/** How the scripts begin that a test has the page run. */
const OF_TEST = "pptr:";

/**
 * CPU time instead of the clock's: what else the machine does meanwhile does not count. A thread's clock is read in
 * coarse steps, so a task took no longer than by either.
 * @param {TraceEvent} event
 */
const spent = ({ dur = 0, tdur = 0 }) => Math.min(dur, tdur) / 1000;

/** @param {TraceEvent[]} events of one thread @returns {Task[]} */
function readTasks(events) {
  const inOrder = events.toSorted((one, other) => one.ts - other.ts || (other.dur ?? 0) - (one.dur ?? 0));
  /** @type {Task[]} */
  const tasks = [];
  let end = 0;
  for (const event of inOrder) {
    if (event.name === TASK && event.ts >= end) {
      end = event.ts + (event.dur ?? 0);
      tasks.push({ ms: spent(event), scripts: [] });
    } else if (RUNS.has(event.name) && event.ts < end) {
      tasks.at(-1)?.scripts.push(event.args.data?.url ?? MICROTASKS);
    }
  }
  return tasks;
}

/** @param {Task} task */
const isOfPage = ({ scripts }) => scripts.length > 0 && !scripts.some((url) => url.startsWith(OF_TEST));

/**
 * The tasks in which a page ran its own code while something went on; those of the test in it are left out.
 * @param {import("puppeteer-core").Page} page of Chromium
 * @param {() => Promise<void>} work
 */
export async function tasksDuring(page, work) {
  const mark = `tasks-${Date.now()}`;
  const cdp = await page.createCDPSession();
  /** @type {TraceEvent[]} */
  const events = [];
  cdp.on("Tracing.dataCollected", ({ value }) => {
    for (const event of /** @type {TraceEvent[]} */ (/** @type {unknown} */ (value)))
      if (event.name === TASK || event.name === mark || RUNS.has(event.name)) events.push(event);
  });
  const complete = new Promise((resolve) => cdp.once("Tracing.tracingComplete", resolve));
  await cdp.send("Tracing.start", {
    transferMode: "ReportEvents",
    traceConfig: {
      recordMode: "recordUntilFull",
      traceBufferSizeInKb: BUFFER_KB,
      includedCategories: CATEGORIES,
    },
  });
  try {
    await page.evaluate((name) => void performance.mark(name), mark);
    await work();
  } finally {
    await cdp.send("Tracing.end");
  }
  if ((await complete).dataLossOccurred) throw new Error("The trace has gaps: its buffer was too small.");
  await cdp.detach();
  const own = events.find(({ name }) => name === mark);
  if (!own) throw new Error("The trace does not have the page.");
  return readTasks(events.filter(({ pid, tid }) => pid === own.pid && tid === own.tid)).filter(isOfPage);
}
