/** Chromium for measurements: what its main thread spent, its memory, its version. */
import { cpus, totalmem } from "node:os";
import { launchBrowser, openPage } from "../../tests/e2e/support/browser.mjs";

/** @typedef {import("puppeteer-core").Page} Page */
/** @typedef {import("puppeteer-core").CDPSession} CDPSession */
/** @typedef {{ task: number, script: number }} Spent CPU time in ms */

export const launch = () => launchBrowser("chromium");

/** @param {import("puppeteer-core").Browser} browser */
export async function machine(browser) {
  const list = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    cores: list.length,
    cpu: list[0]?.model.trim() ?? "unknown",
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    browser: await browser.version(),
    node: process.version,
  };
}

/** Runs before the page's scripts, and before those of workers it makes from blobs: notes each wasm memory. */
function noteMemories() {
  const scope = /** @type {any} */ (globalThis);
  scope.wasmMemories = [];
  const { instantiate } = WebAssembly;
  WebAssembly.instantiate = async (/** @type {any} */ source, /** @type {any} */ imports) => {
    const made = /** @type {any} */ (await instantiate(source, imports));
    scope.wasmMemories.push((made.instance ?? made).exports.memory);
    return made;
  };
  if (!("document" in scope)) return;
  scope.Blob = class extends Blob {
    /** @param {BlobPart[]} parts @param {BlobPropertyBag} options */
    constructor(parts, options) {
      super(options?.type === "text/javascript" ? [`(${noteMemories})();`, ...parts] : parts, options);
    }
  };
}

function memoryHere() {
  const memories = /** @type {{ wasmMemories: WebAssembly.Memory[] }} */ (/** @type {any} */ (globalThis))
    .wasmMemories;
  return memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
}

/** A page under measurement. */
export class Probe {
  /**
   * @param {import("../../tests/e2e/support/browser.mjs").TestPage} test
   * @param {CDPSession} cdp
   */
  constructor(test, cdp) {
    this.test = test;
    this.page = test.page;
    this.cdp = cdp;
  }

  /**
   * @param {import("puppeteer-core").Browser} browser
   * @param {string} url
   */
  static async open(browser, url) {
    const test = await openPage(browser, "about:blank");
    const cdp = await test.page.createCDPSession();
    await test.page.evaluateOnNewDocument(noteMemories);
    await test.page.goto(url, { waitUntil: "load" });
    // CPU time of the thread: what other programs of the machine do meanwhile does not count.
    await cdp.send("Performance.enable", { timeDomain: "threadTicks" });
    return new Probe(test, cdp);
  }

  /** @returns {Promise<Spent>} since the page was made */
  async spent() {
    const { metrics } = await this.cdp.send("Performance.getMetrics");
    const seconds = (/** @type {string} */ name) =>
      metrics.find((metric) => metric.name === name)?.value ?? 0;
    return { task: seconds("TaskDuration") * 1000, script: seconds("ScriptDuration") * 1000 };
  }

  /**
   * CPU time of the main thread while something goes on in the page.
   * @template Value
   * @param {() => Promise<Value>} work
   * @returns {Promise<Spent & { value: Value }>}
   */
  async during(work) {
    const before = await this.spent();
    const value = await work();
    const after = await this.spent();
    return { task: after.task - before.task, script: after.script - before.script, value };
  }

  collectGarbage() {
    return this.cdp.send("HeapProfiler.collectGarbage");
  }

  /** JavaScript heap in use after a collection, in MB. */
  async heap() {
    await this.collectGarbage();
    const { usedSize } = await this.cdp.send("Runtime.getHeapUsage");
    return usedSize / 1e6;
  }

  /** What the page's and its workers' wasm instances occupy, in MB. */
  async wasmMemory() {
    const sizes = await Promise.all(
      [this.page, ...this.page.workers()].map((where) => where.evaluate(memoryHere)),
    );
    return sizes.reduce((sum, size) => sum + size, 0) / 1e6;
  }

  close() {
    return this.test.close();
  }
}
