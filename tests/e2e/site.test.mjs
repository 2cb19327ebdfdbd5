/// <reference path="./pages/window.d.ts" />
/** What all pages of the demo site share: the navigation, the inspector, and that everybody can use them. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import axe from "axe-core";
import { buildPage } from "../../scripts/lib/demo.mjs";
import { useStage } from "./stage.mjs";
import { startEmbeddedServer } from "./support/backend.mjs";
import { DemoPage } from "./support/demo-page.mjs";

const WIDTHS = [320, 390, 1280];
/** Animations that are under way have colours of their own. */
const STILL = { name: "prefers-reduced-motion", value: "reduce" };

describe("the pages of the site", () => {
  const stage = useStage();
  /** @type {import("./support/backend.mjs").Backend} */
  let host;

  before(async () => {
    buildPage();
    host = await startEmbeddedServer();
  });
  after(() => host.kill());

  /** @param {string} file */
  const open = async (file) => DemoPage.open(await stage.browser("chromium"), `${host.url}/${file}`);

  /** The files that the navigation leads to. */
  async function files() {
    const page = await open("");
    const links = await page.page.$$eval(".page-nav a", (all) =>
      all.map((link) => link.getAttribute("href")),
    );
    await page.close();
    return links.map((link) => String(link).replace("./", ""));
  }

  it("are in the navigation of each other, which says where one is", async () => {
    const all = await files();
    assert.ok(["index.html", "karaoke.html", "images.html"].every((file) => all.includes(file)));
    const page = await open("");
    await page.shows(".page-nav a[aria-current=page][href='./index.html']");
    for (const file of all) {
      const link = `.page-nav a[href='./${file}']`;
      await Promise.all([page.page.waitForNavigation(), page.page.click(link)]);
      await page.shows(`${link}[aria-current=page]`);
      await page.counts(".page-nav a[aria-current]", 1);
      await page.counts(".page-nav a", all.length);
    }
    await page.close();
  });

  it("show the connection beside their content, pass axe, and fit every screen", async () => {
    for (const file of await files()) {
      const page = await open(file);
      await page.page.emulateMediaFeatures([STILL]);
      await page.page.$$eval(".inspector summary", (all) => all.forEach((one) => one.click()));
      // Pages without a connection from the start have one for a job.
      await page.page.$$eval("button", (all) =>
        all.find(({ textContent }) => textContent === "Use a sample file")?.click(),
      );
      await page.says(".inspector-facts", "websocket");
      await page.says(".inspector-inside tbody th", "frames");
      await page.page.evaluate(axe.source);
      for (const scheme of ["light", "dark"]) {
        await page.page.emulateMediaFeatures([STILL, { name: "prefers-color-scheme", value: scheme }]);
        const { violations } = await page.page.evaluate(() => window.axe.run());
        assert.deepEqual(
          violations.map((/** @type {any} */ { id, nodes }) => [file, id, nodes[0]?.html]),
          [],
        );
      }
      for (const width of WIDTHS) {
        await page.page.setViewport({ width, height: 700 });
        const excess = await page.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(excess <= 0, `${file} is ${excess} pixels too wide for ${width}`);
      }
      assert.deepEqual(page.test.errors, []);
      await page.close();
    }
  });
});
