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
    const test = await openPage(browser, url);
    const cdp = await test.page.createCDPSession();
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
    const sizes = await Promise.all([
      memoryOf(this.cdp),
      ...this.page.workers().map((worker) => memoryOf(worker.client)),
    ]);
    return sizes.reduce((sum, size) => sum + size, 0) / 1e6;
  }

  close() {
    return this.test.close();
  }
}

/** @param {CDPSession} cdp */
async function memoryOf(cdp) {
  const { result: prototype } = await cdp.send("Runtime.evaluate", {
    expression: "WebAssembly.Memory.prototype",
  });
  const { objects } = await cdp.send("Runtime.queryObjects", { prototypeObjectId: prototype.objectId ?? "" });
  const { result } = await cdp.send("Runtime.callFunctionOn", {
    objectId: objects.objectId ?? "",
    functionDeclaration:
      "function () { return this.reduce((sum, { buffer }) => sum + buffer.byteLength, 0); }",
    returnByValue: true,
  });
  for (const { objectId } of [prototype, objects])
    if (objectId) await cdp.send("Runtime.releaseObject", { objectId });
  return Number(result.value);
}
