/// <reference path="../pages/window.d.ts" />
/// <reference path="../../e2e/pages/window.d.ts" />
/** A page with one client under test. */
import assert from "node:assert/strict";
import { WAIT_MS } from "../../e2e/support/patience.mjs";

/** @typedef {import("../../e2e/support/browser.mjs").TestPage} TestPage */

/** What browsers write about connections that fail; nobody can keep them from it. */
const NETWORK_MESSAGES =
  /WebSocket connection to|Failed to load resource|can.t establish a connection|The connection to wss?:|Cross-Origin Request Blocked|blocked by CORS policy/;

export class Tab {
  /** @param {TestPage} test */
  constructor(test) {
    this.test = test;
    this.page = test.page;
  }

  /** @param {object} options */
  async begin(options) {
    await this.until(() => "begin" in window);
    await this.page.evaluate((given) => window.begin(given), options);
  }

  /**
   * Awaits a condition about what was heard.
   * @template Value
   * @template {unknown[]} Args
   * @param {(...args: Args) => Value} condition runs in the page
   * @param {Args} args
   */
  async until(condition, ...args) {
    try {
      // Hidden pages get no frames, but timers.
      return await this.test.eventually(condition, { polling: 25, timeout: WAIT_MS }, ...args);
    } catch (error) {
      const { statuses, logs } = await this.heard();
      const last = Object.entries(statuses).map(([name, all]) => [name, ...all.slice(-3)]);
      throw new Error(
        `${error}\nIts connections: ${JSON.stringify(last)}\nIt said: ${JSON.stringify(logs)}`,
        { cause: error },
      );
    }
  }

  /**
   * Awaits a state of a namespace's connection.
   * @param {string} namespace
   * @param {string} state
   * @param {string} [transport]
   * @returns {Promise<any>} the status
   */
  async status(namespace, state, transport) {
    await this.until(
      (name, wanted, carrier) => {
        const { current } = window.at(name).connection;
        return current.state === wanted && (!carrier || current.transport === carrier);
      },
      namespace,
      state,
      transport,
    );
    return (await this.heard()).statuses[namespace]?.at(-1);
  }

  /** Everything so far, in the order in which the page came to know it. @returns {Promise<Heard>} */
  async heard() {
    // As text, because Firefox tells an object that is met twice only once.
    return JSON.parse(await this.page.evaluate(() => JSON.stringify(window.heard)));
  }

  /**
   * The payloads of an event that a namespace's listeners got, once everything that has arrived was handed over.
   * @param {string} namespace
   * @param {string} event
   */
  async payloads(namespace, event) {
    await this.page.evaluate(() => window.client.inspect());
    const { events } = await this.heard();
    return events.filter((one) => one.at === namespace && one.event === event).map(({ payload }) => payload);
  }

  /**
   * Awaits that an event came so many times, and gives its payloads.
   * @param {string} namespace
   * @param {string} event
   * @param {number} [times]
   */
  async got(namespace, event, times = 1) {
    await this.until(
      (name, wanted, least) =>
        window.heard.events.filter((one) => one.at === name && one.event === wanted).length >= least,
      namespace,
      event,
      times,
    );
    return this.payloads(namespace, event);
  }

  /** @param {string} namespace */
  join(namespace) {
    return this.page.evaluate((name) => window.join(name), namespace);
  }

  /**
   * @param {string} namespace
   * @param {string} event
   * @param {unknown} [data]
   * @param {object} [options]
   * @returns {Promise<Outcome>}
   */
  send(namespace, event, data, options) {
    return this.page.evaluate((...given) => window.send(...given), namespace, event, data, options);
  }

  /**
   * @param {string} namespace
   * @param {string} event
   * @param {unknown} [data]
   * @param {object} [options]
   * @returns {Promise<Outcome>}
   */
  request(namespace, event, data, options) {
    return this.page.evaluate((...given) => window.request(...given), namespace, event, data, options);
  }

  /**
   * Asks until there is an answer, for a connection that may break off meanwhile.
   * @param {string} namespace
   * @param {string} event
   * @param {unknown} data
   */
  async answered(namespace, event, data) {
    const deadline = performance.now() + WAIT_MS;
    for (;;) {
      const { result, error } = await this.request(namespace, event, data, { timeout: 500 });
      if (!error) return result;
      assert.ok(performance.now() < deadline, `"${event}" is never answered: ${error.message}`);
    }
  }

  /**
   * @param {string} namespace
   * @param {number} from
   * @param {number} to
   * @param {object} [options]
   */
  sendNumbers(namespace, from, to, options) {
    return this.page.evaluate((...given) => window.sendNumbers(...given), namespace, from, to, options);
  }

  /** @returns {Promise<any>} */
  inspect() {
    return this.page.evaluate(() => window.client.inspect());
  }

  /** Closes the client. Nothing may have gone wrong unseen. */
  async close() {
    await this.end();
    assert.deepEqual(this.test.errors, []);
    const loud = this.test.console.filter((line) => /^(error|warn)/.test(line));
    assert.deepEqual(
      loud.filter((line) => !NETWORK_MESSAGES.test(line)),
      [],
    );
  }

  /** Closes the client, however it is. */
  async end() {
    await this.page.evaluate(() => window.client?.close());
  }
}
