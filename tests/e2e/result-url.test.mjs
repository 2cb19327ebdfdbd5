/// <reference path="./pages/window.d.ts" />
/**
 * The demo's pages against a server that names hostile addresses as results: each page lives on, links none of them,
 * runs nothing and goes nowhere.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { Readable } from "node:stream";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { buildPage } from "../../scripts/lib/demo.mjs";
import { useStage } from "./stage.mjs";
import { startEmbeddedServer } from "./support/backend.mjs";
import { DemoPage } from "./support/demo-page.mjs";
import { WAIT_MS } from "./support/patience.mjs";
import { createRewritingProxy } from "./support/rewriting-proxy.mjs";

const KIB_64 = 65_000;

/** What the client offers as text, what it lets an app link, and what is no text at all: its end is refused. */
const AS_TEXT = [
  "javascript:alert(1)",
  "java\nscript:alert(1)",
  "data:text/html,<script>alert(1)</script>",
  `javascript:alert(1)//${"x".repeat(KIB_64)}`,
  "https://%zz/",
];
const LINKED = ["/api/%zz%E0%A4%A", `/${"x".repeat(KIB_64)}`];
const NO_TEXT = [7, { href: "javascript:alert(1)" }];
const VALUES = [...AS_TEXT, ...LINKED, ...NO_TEXT];

/** To split a song takes seconds: one of each kind. */
const SUNG = [AS_TEXT[0], AS_TEXT[3], LINKED[0], NO_TEXT[1]];

const FILES = ["index.html", "karaoke.html", "images.html", "songs.html", "playlists.html"];

/** Gives each job that ends the next of the values as its result. */
class HostileResults {
  /** By job. @type {Map<string, unknown>} */
  #given = new Map();
  #values;

  /** @param {readonly unknown[]} values */
  constructor(values) {
    this.#values = values;
  }

  /** How many of the values were sent. */
  get sent() {
    return Math.min(this.#given.size, this.#values.length);
  }

  /** @param {string} job */
  #valueOf(job) {
    if (!this.#given.has(job)) this.#given.set(job, this.#values[this.#given.size % this.#values.length]);
    return this.#given.get(job);
  }

  /** @param {any} value @param {boolean} [isEnd] whether it is the payload of an event that ends a job @returns {any} */
  rewrite = (value, isEnd = false) => {
    if (Array.isArray(value)) {
      const names = typeof value[0] === "string" && value[0].endsWith("completed");
      return value.map((member) => this.rewrite(member, names));
    }
    if (value === null || typeof value !== "object") return value;
    const { job_id, jobId, session_id, importId, type, event, status, progress, completed, total } = value;
    // A socket that is about one job needs not name it.
    const unnamed = type === "progress" ? `job ${this.#given.size}` : undefined;
    const id =
      job_id ?? jobId ?? session_id ?? importId ?? (status === undefined ? undefined : value.id) ?? unnamed;
    const names = [type, event].some((name) => typeof name === "string" && name.endsWith("completed"));
    const ends =
      isEnd || names || status === "completed" || progress === 100 || (total > 0 && completed === total);
    const members = Object.entries(value).map(([name, member]) => [name, this.rewrite(member, names)]);
    return {
      ...Object.fromEntries(members),
      ...(ends && id !== undefined && { result_url: this.#valueOf(String(id)) }),
    };
  };
}

function* endless() {
  const chunk = " ".repeat(64 * 1024);
  for (;;) yield chunk;
}

describe("hostile addresses of results", () => {
  const stage = useStage();
  /** @type {import("./support/backend.mjs").Backend} */
  let server;
  before(async () => {
    buildPage();
    server = await startEmbeddedServer();
  });
  after(() => server?.kill());

  /**
   * Opens a page of a server whose results are hostile, uses it, and looks whether anything came of that.
   * @param {string} file
   * @param {readonly unknown[]} values
   * @param {(page: DemoPage, results: HostileResults) => Promise<void>} use
   */
  async function survives(file, values, use) {
    const results = new HostileResults(values);
    const proxy = await createRewritingProxy({ target: server.url, rewrite: results.rewrite });
    const page = await DemoPage.open(await stage.browser("chromium"), `${proxy.url}/${file}?pace=1`);
    try {
      const before = page.page.url();
      /** @type {string[]} */
      const happened = [];
      page.page.on("dialog", (dialog) => {
        happened.push(`dialog: ${dialog.message()}`);
        void dialog.dismiss();
      });
      page.page.on("framenavigated", (frame) => happened.push(`navigated: ${frame.url()}`));
      await use(page, results);
      const links = await page.page.$$eval("a, area, iframe, img, form", (all) =>
        all.map((/** @type {any} */ one) => one.href ?? one.src ?? one.action),
      );
      assert.deepEqual(
        links.filter((link) => link && !/^(https?|blob):/.test(link)),
        [],
      );
      await page.shows("main:not(.page-failed)");
      assert.deepEqual(happened, []);
      assert.deepEqual(page.test.errors, []);
      assert.equal(page.page.url(), before);
      assert.equal((await page.context.pages()).length, 1);
    } finally {
      await page.close();
      await proxy.close();
    }
  }

  /** Awaits that so many values were sent. @param {HostileResults} results @param {number} count */
  async function sends(results, count) {
    const deadline = performance.now() + WAIT_MS;
    while (results.sent < count) {
      assert.ok(performance.now() < deadline, `only ${results.sent} of ${count} were sent`);
      await delay(20);
    }
  }

  /** Awaits that each text is shown, as far as a page shows it. @param {DemoPage} page @param {readonly unknown[]} texts */
  async function showsTexts(page, texts) {
    for (const text of texts) await page.says("[data-unsafe-result]", String(text).slice(0, 200));
  }

  it("are texts on the transcription page, which links what can be linked", () =>
    survives("index.html", VALUES, async (page, results) => {
      for (let count = 0; count < VALUES.length; count += 1) await page.press("Use a sample file");
      await sends(results, VALUES.length);
      await page.counts("[data-job-id][data-status=completed]", AS_TEXT.length + LINKED.length);
      await page.counts("[data-unsafe-result]", AS_TEXT.length);
      await showsTexts(page, AS_TEXT);
      await page.says(".card-problem", "The result could not be read");
      await page.says(".log", "invalid completed: result_url: expected a string");
    }));

  it("may lead to what is endless, or more than can be drawn", async () => {
    const NOTES = 150_000;
    const note = "<note><step>C</step><duration>1</duration></note>";
    const hostile = createServer((request, response) => {
      response.writeHead(200, { "Access-Control-Allow-Origin": "*", "Content-Type": "application/xml" });
      if (request.url === "/notes")
        response.end(
          `<score-partwise><part><measure>${note.repeat(NOTES)}</measure></part></score-partwise>`,
        );
      else Readable.from(endless()).pipe(response);
    });
    hostile.listen(0, "127.0.0.1");
    await once(hostile, "listening");
    const { port } = /** @type {import("node:net").AddressInfo} */ (hostile.address());
    const values = ["endless", "notes"].map((path) => `http://127.0.0.1:${port}/${path}`);
    try {
      await survives("index.html", values, async (page, results) => {
        for (let count = 0; count < values.length; count += 1) await page.press("Use a sample file");
        await sends(results, values.length);
        await page.says(".card-problem", "It is larger than 8 MiB.");
        await page.says(".facts", String(NOTES));
      });
    } finally {
      hostile.close();
      hostile.closeAllConnections();
    }
  });

  it("are texts on the karaoke page", () =>
    survives("karaoke.html", SUNG, async (page, results) => {
      for (const value of SUNG) {
        await page.press("Use a sample file");
        await sends(results, SUNG.indexOf(value) + 1);
        if (AS_TEXT.includes(String(value))) await showsTexts(page, [value]);
      }
      await page.shows("[data-done-id]");
      await page.says(".log", "invalid job_completed");
    }));

  it("leave the images page as it is, which asks its server for results by their session", () =>
    survives("images.html", VALUES, async (page, results) => {
      for (let count = 0; count < VALUES.length; count += 1) await page.press("Use a sample file");
      await sends(results, VALUES.length);
      await page.counts("[data-session-id][data-status=completed]", VALUES.length);
    }));

  it("are texts on the page of liked songs", () =>
    survives("songs.html", VALUES, async (page, results) => {
      // An analysis whose end was refused has none, so that is the last one.
      for (const [place, value] of [...AS_TEXT, ...LINKED, NO_TEXT[0]].entries()) {
        await page.press("Use a sample file");
        await page.counts("[data-song][data-status=liked]", 1);
        await page.press("Analyse 1 song");
        await sends(results, place + 1);
        if (typeof value === "string") await page.shows(".analysis[data-status=completed]");
        if (AS_TEXT.includes(String(value))) await showsTexts(page, [value]);
        await page.counts("[data-song][data-status=analyzed]", place + 1);
      }
      await page.says(".log", "invalid job_status");
    }));

  it("are texts on the playlists page", () =>
    survives("playlists.html", VALUES, async (page, results) => {
      for (let sent = 0; sent < VALUES.length; sent = results.sent) {
        await page.press("Use a sample file");
        await sends(results, Math.min(sent + 2, VALUES.length));
      }
      await showsTexts(page, AS_TEXT);
      await page.says(".log", "invalid");
    }));

  for (const file of FILES) {
    it(`an error while ${file} is shown is named there, and the page can be loaded again`, async () => {
      const page = await DemoPage.open(await stage.browser("chromium"), `${server.url}/${file}`, () => {
        if (sessionStorage.getItem("once")) return;
        sessionStorage.setItem("once", "1");
        // Each line of the log is shown with its time.
        Date.prototype.toISOString = () => {
          throw new Error("The clock is broken.");
        };
      });
      try {
        await page.says(".page-failed[role=alert]", "The clock is broken.");
        await Promise.all([page.page.waitForNavigation(), page.press("Reload")]);
        await page.shows("main:not(.page-failed)");
        await page.shows("#file");
      } finally {
        await page.close();
      }
    });
  }
});
