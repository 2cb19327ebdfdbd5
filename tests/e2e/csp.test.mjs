/// <reference path="./pages/window.d.ts" />
/** What of a page's Content Security Policy the client needs, and that it needs no more. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { BROWSERS, SyntheticJob, useStage } from "./stage.mjs";
import { startEmbeddedServer } from "./support/backend.mjs";
import { hasWorkers, openPage } from "./support/browser.mjs";
import { servePages } from "./support/pages.mjs";
import { WAIT_MS } from "./support/patience.mjs";

describe("under a strict Content Security Policy", () => {
  const stage = useStage();
  /** @type {import("./support/backend.mjs").Backend} */
  let server;
  before(async () => {
    server = await startEmbeddedServer();
  });
  after(() => server?.kill());

  /**
   * A page with a client under a policy, in which nothing of the test's own needs `eval`.
   * @param {typeof BROWSERS[number]} name
   * @param {string} policy beside what lets the page load its own files and reach the server
   * @param {(page: import("puppeteer-core").Page) => Promise<void>} use
   */
  async function under(name, policy, use) {
    const reach = `connect-src 'self' ${server.url} ${server.url.replace("http", "ws")}`;
    const site = await servePages({
      headers: { "Content-Security-Policy": `default-src 'none'; ${reach}; ${policy}` },
    });
    const test = await openPage(await stage.browser(name), `${site.url}/client.html`);
    try {
      await use(test.page);
    } finally {
      await test.close();
      await site.close();
    }
  }

  /**
   * Asks the page until it answers with something.
   * @param {import("puppeteer-core").Page} page
   * @param {() => any} question
   */
  async function eventually(page, question) {
    const deadline = performance.now() + WAIT_MS;
    for (;;) {
      const answer = await page.evaluate(question);
      if (answer) return answer;
      assert.ok(performance.now() < deadline, `It never held: ${question}`);
      await delay(25);
    }
  }

  for (const name of BROWSERS) {
    for (const worker of [false, true]) {
      const scripts = "script-src 'self' 'wasm-unsafe-eval'";
      const policy = worker ? `${scripts}; worker-src blob:` : scripts;
      it(`${name} follows a job in the ${worker ? "worker" : "page"} with ${policy}`, async () => {
        const job = await SyntheticJob.make(server.url, `csp-${name}-${worker}`, { progress: 10 });
        await under(name, policy, async (page) => {
          await eventually(page, () => "begin" in window);
          await page.evaluate((options) => window.begin(options), {
            url: server.url,
            worker,
            polling: { url: "/api/v1/jobs/{id}" },
          });
          await page.evaluate((id) => void window.follow(id), job.id);
          await eventually(page, () => window.client.connection.current.state === "open");
          await job.complete();
          const [end] = await eventually(page, () => {
            const ends = Object.values(window.seen.results);
            return ends.length && ends;
          });
          assert.equal(end.status, "completed");
          assert.equal(hasWorkers(page), worker);
          assert.deepEqual(await page.evaluate(() => window.seen.logs), []);
        });
      });
    }

    it(`${name} is told what to allow where wasm is not`, async () => {
      await under(name, "script-src 'self'", async (page) => {
        await eventually(page, () => "begin" in window);
        const error = await page.evaluate((url) => {
          window.begin({ url });
          return window.client.ready.catch((/** @type {any} */ { code, remedy }) => ({ code, remedy }));
        }, server.url);
        assert.equal(error.code, "wasm");
        assert.match(error.remedy, /'wasm-unsafe-eval'/);
      });
    });
  }
});
