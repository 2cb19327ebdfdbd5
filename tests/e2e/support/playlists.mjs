/** A page with a client of the playlist back-end (pages/playlists.js), and what that server says. */
import { openPage } from "./browser.mjs";
import { WAIT_MS } from "./patience.mjs";

/** Members that a message of each event has, with their types. @type {Record<string, Record<string, string>>} */
export const EXISTING_EVENTS = {
  track_enriched: { trackId: "number", trackName: "string", artistName: "string", score: "number" },
  batch_complete: { jobId: "string", batch: "number", progress: "object" },
  chartmetric_progress: { jobId: "string", progress: "object" },
  metric_update: { playlistId: "string", id: "number", metrics: "object" },
  playlist_updated: { playlistId: "string", id: "number", updates: "object" },
  playlist_error: { playlistId: "string", error: "string" },
};

/** Those that the audit of the system found to be missing. @type {Record<string, Record<string, string>>} */
export const MISSED_EVENTS = {
  job_status_changed: { jobId: "string", status: "string", timestamp: "string" },
  enrichment_job_started: { jobId: "string", total: "number" },
  enrichment_job_completed: { jobId: "string", succeeded: "number", failed: "number" },
  enrichment_job_failed: { jobId: "string", error: "string" },
  activity_logged: { id: "number", action: "string", description: "string", at: "string" },
  track_status_changed: { trackId: "number", oldStatus: "string", newStatus: "string" },
  enrichment_phase_started: { jobId: "string", phase: "number", name: "string", total: "number" },
  enrichment_phase_completed: { jobId: "string", phase: "number", succeeded: "number" },
  bulk_import_progress: { importId: "string", completed: "number", total: "number" },
  follower_count_updated: { playlistId: "string", followers: "number", previous: "number" },
  analytics_updated: { playlists: "number", tracks: "number", enriched: "number" },
};

/** @param {any} message of any envelope @returns {{ event: string, data: any }} */
export function readMessage({ type, event, data, ...fields }) {
  return { event: type ?? event, data: data ?? fields };
}

/**
 * How many items there are of each key.
 * @template Item
 * @param {readonly Item[]} items
 * @param {(item: Item) => string} keyOf
 */
export function countBy(items, keyOf) {
  /** @type {Record<string, number>} */
  const counts = {};
  for (const key of items.map(keyOf)) counts[key] = (counts[key] ?? 0) + 1;
  return counts;
}

/** How often each event came. @param {readonly { event: string }[]} events */
export const countEvents = (events) => countBy(events, ({ event }) => event);

/**
 * @typedef {object} Told
 * @property {string} event
 * @property {any} payload
 * @property {string} [jobId]
 * @property {number} at ms
 * @property {number} frame that it belongs to: pages/frames.js
 * @property {boolean} isInFrame whether it was told in a callback of that frame
 */

/**
 * @typedef {object} Listeners
 * @property {readonly string[]} [events] names
 * @property {readonly string[]} [kinds] of entities
 * @property {boolean} [jobs] whether the page shows all jobs
 * @property {boolean} [audit] whether it shows the table of events
 */

/** A page in a window of its own: one behind another has no frames. */
export class BroadcastPage {
  /**
   * @param {import("./browser.mjs").TestPage} test
   * @param {import("puppeteer-core").BrowserContext} context
   */
  constructor(test, context) {
    this.test = test;
    this.page = test.page;
    this.context = context;
  }

  /**
   * Connected, with a client that listens.
   * @param {import("puppeteer-core").Browser} browser
   * @param {string} pages where playlists.html is
   * @param {object} options of the client
   * @param {Listeners} listeners
   */
  static async open(browser, pages, options, listeners) {
    const context = await browser.createBrowserContext();
    const opened = new BroadcastPage(await openPage(context, `${pages}/playlists.html`), context);
    await opened.until(() => "playlists" in window);
    const begin = (/** @type {object} */ given, /** @type {object} */ wanted) =>
      window.playlists.begin(given, wanted);
    await opened.page.evaluate(begin, options, listeners);
    return opened;
  }

  /**
   * @template Value
   * @template {unknown[]} Args
   * @param {(...args: Args) => Value} condition runs in the page
   * @param {Args} args
   */
  until(condition, ...args) {
    return this.test.eventually(condition, { polling: 25, timeout: WAIT_MS }, ...args);
  }

  /** Awaits that an event was told so often. @param {string} event @param {number} [times] */
  hears(event, times = 1) {
    return this.until(
      (wanted, least) =>
        window.playlists.told.filter((/** @type {Told} */ one) => one.event === wanted).length >= least,
      event,
      times,
    );
  }

  /** What the listeners were told, in order. @returns {Promise<Told[]>} */
  async told() {
    return JSON.parse(await this.page.evaluate(() => JSON.stringify(window.playlists.told)));
  }

  /** @param {string} kind @returns {Promise<any[]>} */
  async entities(kind) {
    const read = (/** @type {string} */ wanted) => JSON.stringify(window.playlists.entities(wanted));
    return JSON.parse(await this.page.evaluate(read, kind));
  }

  /** The job once it has ended. @param {string} id @returns {Promise<any>} */
  end(id) {
    return this.page.evaluate((wanted) => window.client.job(wanted).done(), id);
  }

  /** @returns {Promise<import("../../../pkg/index.js").AuditRow[]>} */
  audit() {
    return this.page.evaluate(() => window.client.audit());
  }

  /** @returns {Promise<import("../../../pkg/index.js").Inspection>} */
  async inspect() {
    return JSON.parse(await this.page.evaluate(async () => JSON.stringify(await window.client.inspect())));
  }

  /** Awaits that a number of events has arrived. @param {number} events */
  received(events) {
    return this.until(async (wanted) => {
      const rows = /** @type {{ received: number }[]} */ (await window.client.audit());
      return rows.reduce((sum, { received }) => sum + received, 0) === wanted;
    }, events);
  }

  /** Awaits what the page shows of something. @param {string} what @param {unknown} value */
  shows(what, value) {
    return this.until(
      (name, text) => document.querySelector(`[data-shows="${name}"]`)?.textContent === text,
      what,
      JSON.stringify(value),
    );
  }

  close() {
    return this.context.close();
  }
}
