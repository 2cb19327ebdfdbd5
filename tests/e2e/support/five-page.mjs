/// <reference path="../pages/window.d.ts" />
/** The page with a client for each of the five systems, and what there is to await in it. */
import assert from "node:assert/strict";
import { Watcher } from "../stage.mjs";
import { openPage } from "./browser.mjs";
import { WAIT_MS } from "./patience.mjs";

/** @typedef {import("./five.mjs").Running} Running */
/** @typedef {{ system: Running, id: string }} Job */
/** @typedef {{ percent?: number, text: string }} Shown */
/** @typedef {{ state: string, attempt: number }} State */

export class FivePage {
  /** @param {import("./browser.mjs").TestPage} test */
  constructor(test) {
    this.test = test;
  }

  /**
   * @param {import("puppeteer-core").Browser} browser
   * @param {string} url
   * @param {Running[]} systems
   * @param {object} common options of every client
   */
  static async open(browser, url, systems, common) {
    const page = new FivePage(await openPage(browser, url));
    await page.#eventually(() => "five" in window);
    for (const { name, server, options } of systems) {
      const given = { url: server.url, ...options, ...common };
      await page.test.page.evaluate((system, opts) => window.five.open(system, opts), name, given);
    }
    return page;
  }

  /**
   * Begins a job at each system and shows its bar.
   * @param {Running[]} systems
   * @param {import("./five.mjs").Pace} pace
   * @returns {Promise<Job[]>}
   */
  begin(systems, pace) {
    return Promise.all(
      systems.map(async (system) => {
        const id = await system.begin(system.server.url, pace);
        await this.test.page.evaluate((name, job) => window.five.follow(name, job), system.name, id);
        return { system, id };
      }),
    );
  }

  /** Awaits that its bar has moved, and is no old news. @param {Job} job */
  moves({ id }) {
    return this.#eventually((job) => {
      const steps = window.five.bars[job] ?? [];
      const percents = new Set(steps.map(({ percent }) => percent).filter(Boolean));
      return percents.size > 1 && !steps.at(-1)?.text.endsWith(", stale");
    }, id);
  }

  /**
   * Awaits that its bar is further than it was, or at its end.
   * @param {Job} job
   * @param {Record<string, Shown[]>} before
   */
  movesOn({ id }, before) {
    const from = before[id]?.at(-1)?.percent ?? 0;
    return this.#eventually(
      (job, least) => {
        const { percent = 0, text = "" } = window.five.bars[job]?.at(-1) ?? {};
        return percent > least || text.includes(": completed");
      },
      id,
      from,
    );
  }

  /** Awaits that its bar says that it may be old. @param {Job} job */
  doubts({ id }) {
    return this.#eventually((job) => window.five.bars[job]?.at(-1)?.text.endsWith(", stale"), id);
  }

  /** Awaits that its bar is vouched for again. @param {Job} job */
  recovers({ id }) {
    return this.#eventually((job) => !window.five.bars[job]?.at(-1)?.text.endsWith(", stale"), id);
  }

  /** @param {Job} job */
  completes({ id }) {
    return this.#eventually((job) => window.five.bars[job]?.at(-1)?.text.includes(": completed"), id);
  }

  /** Awaits that the client of a system has tried to come back. @param {Running} system */
  triesInVain({ name }) {
    return this.#eventually((system) => Number(window.five.states[system]?.at(-1)?.attempt) > 1, name);
  }

  /** Awaits that the client of a system has come back after it tried in vain. @param {Running} system */
  comesBack({ name }) {
    return this.#eventually((system) => {
      const states = window.five.states[system] ?? [];
      return states
        .slice(states.findIndex(({ attempt }) => attempt > 1))
        .some(({ state }) => state === "open");
    }, name);
  }

  /** What each bar showed, in order. */
  async bars() {
    return (await this.noted()).bars;
  }

  /**
   * What each bar showed and what each client said of its connection, in order.
   * @returns {Promise<{ bars: Record<string, Shown[]>, states: Record<string, State[]> }>}
   */
  async noted() {
    const read = () => JSON.stringify({ bars: window.five.bars, states: window.five.states });
    return JSON.parse(await this.test.page.evaluate(read));
  }

  /** How often the client told listeners of the job's end. @param {Job} job */
  async endsTold({ system, id }) {
    const text = await this.test.page.evaluate(async (name) => {
      // By the time of the answer everything that has arrived was handed over.
      await window.five.clients[name].inspect();
      return JSON.stringify(window.five.events[name]);
    }, system.name);
    /** @type {import("./five.mjs").Told[]} */
    const events = JSON.parse(text);
    return events.filter((told) => system.isEnd(told, id)).length;
  }

  async close() {
    const errors = await this.test.page.evaluate(() => {
      for (const client of Object.values(window.five.clients)) client.close();
      return window.five.errors;
    });
    assert.deepEqual(errors, []);
    new Watcher(this.test).assertQuiet();
    await this.test.close();
  }

  /**
   * @template Value
   * @template {unknown[]} Args
   * @param {(...args: Args) => Value} condition runs in the page
   * @param {Args} args
   */
  async #eventually(condition, ...args) {
    try {
      return await this.test.eventually(condition, { polling: 25, timeout: WAIT_MS }, ...args);
    } catch (error) {
      const { bars, states } = await this.noted();
      const last = [...Object.entries(bars), ...Object.entries(states)].map(([of, all]) => [of, all.at(-1)]);
      throw new Error(`${JSON.stringify(args)}: ${JSON.stringify(Object.fromEntries(last), null, 1)}`, {
        cause: error,
      });
    }
  }
}
