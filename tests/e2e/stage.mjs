/// <reference path="./pages/window.d.ts" />
/** What the scenarios share: a page with a client, short waits, and the questions asked again and again. */
import assert from "node:assert/strict";
import { after, afterEach, before } from "node:test";
import { launchBrowser, openPage } from "./support/browser.mjs";
import { servePages } from "./support/pages.mjs";
import { WAIT_MS } from "./support/patience.mjs";
import { createFaultProxy } from "./support/proxy.mjs";

/** @typedef {import("./support/browser.mjs").TestPage} TestPage */
/** @typedef {import("./support/proxy.mjs").FaultProxy} FaultProxy */
/** @typedef {import("../../pkg/index.js").JobsClientOptions} Options */

export const BROWSERS = /** @type {const} */ (["chromium", "firefox"]);

/** How often back-ends of tests send a heartbeat, as an environment. */
export const FAST_HEARTBEAT = { HEARTBEAT_MS: "150" };

/** Everything that takes seconds in production takes a moment here. */
export const FAST = {
  heartbeat: { interval: 500, timeout: 1500 },
  reconnect: { attempts: 2, baseDelay: 50, maxDelay: 200, minUptime: 100 },
  polling: { url: "/api/v1/jobs/{id}", interval: 100 },
};

/** What browsers write about connections that fail; nobody can keep them from it. */
const NETWORK_MESSAGES =
  /WebSocket connection to|Failed to load resource|can.t establish a connection|The connection to wss?:|Cross-Origin Request Blocked|blocked by CORS policy/;

/** The pages under test and one browser of each kind, shared by all tests of the suite that calls this. */
export function useStage() {
  /** @type {Awaited<ReturnType<typeof servePages>>} */
  let pages;
  /** @type {Map<string, ReturnType<typeof launchBrowser>>} */
  const browsers = new Map();
  /** @type {Watcher[]} */
  const watchers = [];
  /** @type {FaultProxy[]} */
  const proxies = [];

  before(async () => {
    // Pages of a back-end's own origin load the client from here; one that may not be stored is not kept for going back.
    pages = await servePages({
      headers: { "Access-Control-Allow-Origin": "*", "Cache-Control": "no-cache" },
    });
  });
  afterEach(async () => {
    // What a failed test left behind must not count in the next one.
    await Promise.all(watchers.splice(0).map((watcher) => watcher.leave()));
    await Promise.all(proxies.splice(0).map((proxy) => proxy.close()));
  });
  after(async () => {
    await Promise.all([...browsers.values()].map(async (browser) => (await browser).close()));
    await pages.close();
  });

  return {
    get pages() {
      return pages.url;
    },
    /** @param {typeof BROWSERS[number]} name */
    browser(name) {
      const running = browsers.get(name) ?? launchBrowser(name);
      browsers.set(name, running);
      return running;
    },
    /**
     * A proxy for one test.
     * @param {string} target
     */
    async proxy(target) {
      const proxy = await createFaultProxy({ target });
      proxies.push(proxy);
      return proxy;
    },
    /**
     * A page with a client.
     * @param {typeof BROWSERS[number]} name
     * @param {object} options of the client, beside the fast ones
     */
    async watch(name, options) {
      const watcher = new Watcher(await openPage(await this.browser(name), `${pages.url}/client.html`));
      watchers.push(watcher);
      await watcher.begin(options);
      return watcher;
    },
    /**
     * A client in a page of the back-end's own origin.
     * @param {typeof BROWSERS[number]} name
     * @param {string} origin
     */
    async watchFrom(name, origin) {
      const watcher = new Watcher(await openPage(await this.browser(name), `${origin}/healthz`));
      watchers.push(watcher);
      await watcher.test.page.addScriptTag({ type: "module", url: `${pages.url}/client.js` });
      return watcher;
    },
  };
}

/** A page whose client writes down what it sees. */
export class Watcher {
  /** @param {TestPage} test */
  constructor(test) {
    this.test = test;
  }

  /** @param {object} options */
  async begin(options) {
    await this.until(() => "begin" in window);
    return this.test.page.evaluate((given) => window.begin(given), { ...FAST, ...options });
  }

  /** @param {string[]} ids */
  follow(...ids) {
    return this.test.page.evaluate((all) => all.forEach((id) => window.follow(id)), ids);
  }

  /**
   * Awaits a condition about what was seen.
   * @template Value
   * @template {unknown[]} Args
   * @param {(...args: Args) => Value} condition runs in the page
   * @param {Args} args
   */
  until(condition, ...args) {
    // Hidden pages get no frames, but timers.
    return this.test.eventually(condition, { polling: 25, timeout: WAIT_MS }, ...args);
  }

  /** @param {string} state */
  state(state) {
    return this.until((wanted) => window.client.connection.current.state === wanted, state);
  }

  /**
   * Awaits a job's end.
   * @param {string} id
   */
  async end(id) {
    await this.until((wanted) => wanted in window.seen.results, id);
    return (await this.seen()).results[id];
  }

  /** Everything so far, in the order in which the page came to know it. */
  async seen() {
    // As text, because Firefox tells an object that is met twice only once.
    /** @type {Seen} */
    const seen = JSON.parse(await this.test.page.evaluate(() => JSON.stringify(window.seen)));
    return seen;
  }

  inspect() {
    return this.test.page.evaluate(() => window.client.inspect());
  }

  audit() {
    return this.test.page.evaluate(() => window.client.audit());
  }

  /**
   * How often an event came, once everything that has arrived was handed over.
   * @param {string} event
   */
  async count(event) {
    await this.inspect();
    const { events } = await this.seen();
    return events.filter((one) => one.event === event).length;
  }

  /**
   * Closes client and page. Nothing may be left at the server, nothing may have gone wrong unseen.
   * @param {FaultProxy} proxy
   */
  async close(proxy) {
    await this.test.page.evaluate(() => window.client.close());
    await until(proxy, () => proxy.counters.openWebSockets === 0);
    this.assertQuiet();
    await this.leave();
  }

  async leave() {
    if (!this.test.page.isClosed()) await this.test.close();
  }

  assertQuiet() {
    assert.deepEqual(this.test.errors, []);
    const loud = this.test.console.filter((line) => /^(error|warn)/.test(line));
    assert.deepEqual(
      loud.filter((line) => !NETWORK_MESSAGES.test(line)),
      [],
    );
  }
}

/**
 * Awaits a condition about the proxy, looked at whenever something happens there.
 * @param {FaultProxy} proxy
 * @param {() => boolean} condition
 */
export async function until(proxy, condition) {
  const names = ["upgrade", "request", "open", "close"];
  await new Promise((resolve, reject) => {
    const timer = setTimeout(() => finish(new Error(`At the proxy it never held: ${condition}`)), WAIT_MS);
    const look = () => condition() && finish();
    const finish = (/** @type {Error | undefined} */ error = undefined) => {
      clearTimeout(timer);
      for (const name of names) proxy.events.off(name, look);
      if (error) reject(error);
      else resolve(undefined);
    };
    for (const name of names) proxy.events.on(name, look);
    look();
  });
}

/**
 * @param {string} url
 * @param {unknown} [body]
 * @returns {Promise<any>}
 */
export async function post(url, body) {
  const sent = typeof body === "string" || body instanceof Blob ? body : JSON.stringify(body ?? {});
  const response = await fetch(url, { method: "POST", body: sent });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

/** A job of the embedded server whose states the test dictates. */
export class SyntheticJob {
  /**
   * @param {string} server
   * @param {string} id
   */
  constructor(server, id) {
    this.server = server;
    this.id = id;
  }

  /**
   * @param {string} server
   * @param {string} id
   * @param {object} [fields]
   */
  static async make(server, id, fields = {}) {
    await post(`${server}/api/v1/_synthetic`, { job_id: id, ...fields });
    return new SyntheticJob(server, id);
  }

  /** @param {object} fields */
  set(fields) {
    return post(`${this.server}/api/v1/_synthetic/${this.id}`, fields);
  }

  /** Changes the job without a word to its watchers. @param {object} fields */
  setSilently(fields) {
    return post(`${this.server}/api/v1/_synthetic/${this.id}?emit=0`, fields);
  }

  complete() {
    return this.set({ status: "completed", result_url: `/api/v1/results/${this.id}`, duration_seconds: 1.5 });
  }

  /** Sends frames verbatim. @param {...unknown} frames */
  replay(...frames) {
    return post(`${this.server}/api/v1/_replay?job=${this.id}`, frames);
  }
}

/**
 * The values of a field that a job's watcher saw, without repetitions in a row.
 * @param {any[]} snapshots
 * @param {string} field
 */
export function course(snapshots, field) {
  const values = snapshots.map((job) => job[field]).filter((value) => value !== undefined);
  return values.filter((value, place) => value !== values[place - 1]);
}

/**
 * What must hold of every job ever watched: progress never runs backwards within an attempt, and one end.
 * @param {any[]} snapshots
 */
export function assertSound(snapshots) {
  for (const [place, job] of snapshots.entries()) {
    const before = snapshots[place - 1];
    if (before?.attempt === job.attempt)
      assert.ok((job.progress ?? 0) >= (before.progress ?? 0), JSON.stringify(snapshots));
  }
  const last = Math.max(...snapshots.map((job) => job.attempt));
  const ends = snapshots.filter(
    ({ attempt, status }) => attempt === last && /^(completed|failed|cancelled)$/.test(status),
  );
  assert.equal(ends.length, 1, JSON.stringify(snapshots));
  assert.equal(snapshots.at(-1), ends[0]);
}
