/** The transcription page of examples/react: system D as its app has it, on both of its servers. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { buildPage } from "../../scripts/lib/demo.mjs";
import { BROWSERS, useStage } from "./stage.mjs";
import { startEmbeddedServer, startFastapi } from "./support/backend.mjs";
import { hasWorkers } from "./support/browser.mjs";
import { DemoPage } from "./support/demo-page.mjs";

/** @typedef {import("./support/backend.mjs").Backend} Backend */

const RECORDING = fileURLToPath(new URL("../../scripts/sample.wav", import.meta.url));
const STEPS = ["Download", "Separation", "Transcription", "MusicXML"];

/** Runs in the page before its scripts: notes which step each job was seen at. */
function noteSteps() {
  /** @type {string[]} */
  const steps = [];
  const look = () => {
    const step = document.querySelector(".stages [aria-current=step]")?.firstChild?.textContent;
    if (step && steps.at(-1) !== step) steps.push(step);
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true, attributes: true });
  Object.assign(window, { steps });
}

describe("the transcription page", () => {
  const stage = useStage();
  /** Serves the page. @type {Backend} */
  let host;
  /** @type {Backend} */
  let fastapi;
  /** @type {DemoPage[]} */
  const pages = [];

  before(async () => {
    buildPage();
    [host, fastapi] = await Promise.all([startEmbeddedServer(), startFastapi({ workers: 1 })]);
  });
  afterEach(async () => {
    const used = pages.splice(0);
    await Promise.all(used.map((page) => page.close()));
    assert.deepEqual(
      used.flatMap(({ test }) => test.errors),
      [],
    );
  });
  after(() => Promise.all([host?.kill(), fastapi?.kill()]));

  /** @param {typeof BROWSERS[number]} name @param {Record<string, string>} options of the page */
  async function open(name, options) {
    const query = new URLSearchParams({ pace: "250", ...options });
    const page = await DemoPage.open(await stage.browser(name), `${host.url}/?${query}`, noteSteps);
    pages.push(page);
    return page;
  }

  /** @param {string} server */
  const addressOf = (server) => (server === "FastAPI" ? fastapi : host).url;

  for (const name of BROWSERS) {
    for (const server of ["the embedded server", "FastAPI"]) {
      for (const worker of ["0", "1"]) {
        const where = `${server} in ${name}, client in the ${worker === "1" ? "worker" : "page"}`;
        it(`makes a score of a recording, step by step, on ${where}`, async () => {
          const page = await open(name, { server: addressOf(server), worker });
          await page.choose(RECORDING);
          await page.shows(".card[data-status=completed]");
          await page.says(".facts", "notes");
          const read = () => /** @type {any} */ (window).steps;
          const steps = await page.page.evaluate(read);
          // A page that is busy shows some of them only.
          assert.deepEqual(
            steps,
            STEPS.filter((step) => steps.includes(step)),
          );
          assert.ok(steps.length > 1, JSON.stringify(steps));
          assert.ok((await page.page.$$(".notes rect")).length > 0, "the notes are drawn");
          const url = await page.page.$eval(".result-link", (link) => link.getAttribute("href") ?? "");
          assert.match(await (await fetch(url)).text(), /<score-partwise/);
          assert.equal(hasWorkers(page.page), worker === "1");
        });
      }
    }

    it(`offers to try again where that can help, in ${name}`, async () => {
      const page = await open(name, {});
      await page.press("Make the next job fail");
      await page.press("Use a sample file");
      await page.shows(".card[data-status=failed]");
      await page.says(".stages [data-state=failed]", "Separation");
      await page.press("Retry");
      await page.shows(".card[data-status=completed]");
      await page.says(".facts", "attempt2");

      await page.choose(fileURLToPath(import.meta.url));
      await page.says(".card[data-status=failed] .card-problem", "not a WAV file");
      await page.says(".card-actions", "Dismiss");
      assert.equal(await page.page.$(".card[data-status=failed] [data-kind=primary]"), null);
    });
  }
});
