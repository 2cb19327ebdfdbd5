/** An app's page in Chromium: it must follow a job over a WebSocket to its end, and complain of nothing. */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { TestPage } from "../../e2e/support/browser.mjs";
import { runningJob } from "./job.mjs";

/** Compiling for the first time, a development server takes its time. */
const WAIT = { timeout: 30_000 };
/** Without frames: of two tabs one is hidden. */
const HIDDEN = { ...WAIT, polling: 50 };

/**
 * @param {import("puppeteer-core").Browser} browser
 * @param {{ url: string, server: string, worker?: boolean, share?: boolean }} options of the page, and of the job's
 *   server; `share`: in two tabs with one connection
 * @returns {Promise<{ bytes: number }>} all that it downloaded apart from its HTML, each file compressed with gzip
 */
export async function followInPage(browser, { url, server, worker = false, share = false }) {
  const context = await browser.createBrowserContext();
  try {
    const test = new TestPage(await context.newPage());
    const downloads = noteDownloads(test.page, new URL(url).origin);
    const job = await runningJob(server);
    const options = { server, job: job.id, worker: String(worker), share: String(share) };
    const address = `${url}?${new URLSearchParams(options)}`;
    await shows(test, address, "running 40 websocket");
    assert.equal(test.page.workers().length, worker ? 1 : 0, "the client is not where it should be");
    const tabs = [test];
    if (share) {
      const other = new TestPage(await context.newPage());
      await shows(other, address, "running 40 tab");
      tabs.push(other);
    }
    await job.complete();
    for (const tab of tabs) {
      await tab.eventually(() => document.title === "completed", HIDDEN);
      const complaints = tab.console.filter((line) => /^(error|warn)/.test(line));
      assert.deepEqual([...tab.errors, ...complaints], [], "the page complained");
    }
    return { bytes: await downloads() };
  } finally {
    await context.close();
  }
}

/**
 * @param {TestPage} test
 * @param {string} address
 * @param {string} text what the page tells of its job
 */
async function shows(test, address, text) {
  await test.page.goto(address);
  await test.eventually((wanted) => document.querySelector("output")?.textContent === wanted, WAIT, text);
}

/**
 * @param {import("puppeteer-core").Page} page
 * @param {string} origin
 */
function noteDownloads(page, origin) {
  /** @type {Map<string, Promise<Buffer>>} */
  const bodies = new Map();
  page.on("response", (response) => {
    const wanted =
      response.url().startsWith(`${origin}/`) && response.request().resourceType() !== "document";
    if (wanted && response.ok()) bodies.set(response.url(), Promise.resolve(response.buffer()));
  });
  return async () => {
    const all = await Promise.all(bodies.values());
    return all.reduce((sum, body) => sum + gzipSync(body, { level: 9 }).length, 0);
  };
}
