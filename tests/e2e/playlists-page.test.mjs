/** The playlists page in real browsers, on the real back-end of system C and on the embedded server. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { buildPage } from "../../scripts/lib/demo.mjs";
import { BROWSERS, useStage } from "./stage.mjs";
import { startEmbeddedServer, startWs } from "./support/backend.mjs";
import { hasWorkers } from "./support/browser.mjs";
import { DemoPage } from "./support/demo-page.mjs";

const SAMPLE_ROWS = 1000;
const SAMPLE_PLAYLISTS = 10;
/** Followers of the first playlist on the page, after one more has come. */
const FOLLOWED = "31,677";

describe("the playlists page", () => {
  const stage = useStage();
  /** Serves the page, and has playlists of its own. @type {import("./support/backend.mjs").Backend} */
  let host;
  /** @type {import("./support/backend.mjs").Backend | undefined} */
  let server;
  /** @type {DemoPage[]} */
  const pages = [];

  before(async () => {
    buildPage();
    host = await startEmbeddedServer();
  });
  afterEach(async () => {
    const used = pages.splice(0);
    await Promise.all(used.map((page) => page.close()));
    await server?.kill();
    server = undefined;
    assert.deepEqual(
      used.flatMap(({ test }) => test.errors),
      [],
    );
  });
  after(() => host.kill());

  /**
   * @param {typeof BROWSERS[number]} name
   * @param {string} at the server
   * @param {Record<string, string>} [options] of the page
   */
  async function open(name, at, options = {}) {
    const query = new URLSearchParams({ server: at, pace: "20", ...options });
    const page = await DemoPage.open(await stage.browser(name), `${host.url}/playlists.html?${query}`);
    pages.push(page);
    await page.shows(".connection[data-state=open]");
    return page;
  }

  /** An empty library. */
  async function serve() {
    server = await startWs();
    return server.url;
  }

  for (const name of BROWSERS) {
    describe(name, () => {
      it("shows an import, its enrichment phase by phase, and the playlists it makes, on every screen", async () => {
        const at = await serve();
        const [page, onlooker] = [await open(name, at), await open(name, at)];
        await page.press("Use a sample file");
        await page.counts("[data-kind=import][data-status=completed]", 1);
        await page.counts("[data-kind=enrichment] [data-phase][data-state=done]", 3);
        await page.says("[data-kind=enrichment][data-status=completed]", `of ${SAMPLE_ROWS / 1000},000 rows`);
        for (const screen of [page, onlooker]) {
          await screen.counts("[data-playlist-id]", SAMPLE_PLAYLISTS);
          await screen.until(() =>
            [...document.querySelectorAll("[data-figure=enriched]")].every(
              ({ textContent }) => textContent === "100",
            ),
          );
          await screen.says(".activity", `Enriched ${SAMPLE_ROWS} tracks`);
          await screen.says(".analytics", "1,000");
        }
        await page.press("Follow");
        await onlooker.says("[data-figure=followers]", FOLLOWED);
        await page.page.$eval(".audit summary", (summary) => summary.click());
        await page.says("[data-event=chartmetric_progress]", "came without a listener");
        await page.says("[data-event=gap]", "listener never fired");
      });

      it("says why an enrichment failed", async () => {
        const page = await open(name, await serve());
        await page.press("Make the next enrichment fail");
        await page.press("Use a sample file");
        await page.says("[data-kind=enrichment][data-status=failed] .card-problem", "did not answer");
      });

      it("has what was missed once a lost connection is back", async () => {
        const at = await serve();
        const proxy = await stage.proxy(at);
        const [page, other] = [await open(name, proxy.url), await open(name, at)];
        await page.press("Use a sample file");
        await page.counts("[data-kind=enrichment][data-status=completed]", 1);
        await proxy.mode("down");
        await page.shows(".connection:not([data-state=open])");
        await other.counts("[data-playlist-id]", SAMPLE_PLAYLISTS);
        await other.press("Follow");
        await other.says("[data-figure=followers]", FOLLOWED);
        await proxy.mode("pass");
        await page.says("[data-figure=followers]", FOLLOWED);
      });
    });
  }

  it("works on the embedded server, in a worker as well", async () => {
    for (const worker of ["0", "1"]) {
      const page = await open("chromium", host.url, { worker });
      await page.press("Use a sample file");
      await page.counts("[data-kind=enrichment][data-status=completed]", 1);
      await page.counts("[data-playlist-id]", SAMPLE_PLAYLISTS);
      assert.equal(hasWorkers(page.page), worker === "1");
    }
  });
});
