/** An app's page in Chromium: it must follow a job over a WebSocket to its end, and complain of nothing. */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { TestPage } from "../../e2e/support/browser.mjs";
import { runningJob } from "./job.mjs";

/** Compiling for the first time, a development server takes its time. */
const WAIT = { timeout: 30_000 };

/**
 * @param {import("puppeteer-core").Browser} browser
 * @param {{ url: string, server: string, worker?: boolean }} options of the page, and of the job's server
 * @returns {Promise<{ bytes: number }>} all that it downloaded apart from its HTML, each file compressed with gzip
 */
export async function followInPage(browser, { url, server, worker = false }) {
  const context = await browser.createBrowserContext();
  try {
    const test = new TestPage(await context.newPage());
    const downloads = noteDownloads(test.page, new URL(url).origin);
    const job = await runningJob(server);
    await test.page.goto(`${url}?${new URLSearchParams({ server, job: job.id, worker: String(worker) })}`);
    await test.eventually(
      () => document.querySelector("output")?.textContent === "running 40 websocket",
      WAIT,
    );
    assert.equal(test.page.workers().length, worker ? 1 : 0, "the client is not where it should be");
    await job.complete();
    await test.eventually(() => document.title === "completed", WAIT);
    const complaints = test.console.filter((line) => /^(error|warn)/.test(line));
    assert.deepEqual([...test.errors, ...complaints], [], "the page complained");
    return { bytes: await downloads() };
  } finally {
    await context.close();
  }
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
