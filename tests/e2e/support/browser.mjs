/** Real browsers for end-to-end tests: Chromium over its own protocol, Firefox over WebDriver BiDi. */
import puppeteer from "puppeteer-core";
import { findChromium, findFirefox } from "../../../scripts/lib/browsers.mjs";
import { WAIT_MS } from "./patience.mjs";

/** @typedef {"chromium" | "firefox"} BrowserName */
/** @typedef {import("puppeteer-core").Browser} Browser */
/** @typedef {import("puppeteer-core").Page} Page */

/** Nothing in the background that could disturb a measurement or need the network. */
const CHROMIUM_FLAGS = ["--disable-background-networking", "--disable-component-update", "--disable-sync"];
/** Chromium's sandbox does not work for root. */
const ROOT_FLAGS = ["--no-sandbox"];

/** Firefox tells network failures in the same way as exceptions; they are none. */
const NETWORK_NOTE =
  /^(The connection to wss?:|Firefox can.t establish a connection|Cross-Origin Request Blocked)/;

/** @param {BrowserName} name */
function executable(name) {
  const path = name === "chromium" ? findChromium() : findFirefox();
  if (path) return path;
  const variable = name === "chromium" ? "CHROME_BIN" : "FIREFOX_BIN";
  throw new Error(`There is no ${name} on this machine: install it, or set ${variable} to its program.`);
}

/**
 * @param {BrowserName} name
 * @param {{ args?: string[] }} [options] further flags of the browser
 * @returns {Promise<Browser>}
 */
export function launchBrowser(name, { args = [] } = {}) {
  const executablePath = executable(name);
  if (name === "firefox") {
    return puppeteer.launch({ browser: "firefox", protocol: "webDriverBiDi", executablePath, args });
  }
  const asRoot = process.getuid?.() === 0 ? ROOT_FLAGS : [];
  return puppeteer.launch({
    browser: "chrome",
    executablePath,
    args: [...CHROMIUM_FLAGS, ...asRoot, ...args],
  });
}

/** Whether a page has workers: a client that was refused one runs in the page, and all else is the same. @param {Page} page */
export const hasWorkers = (page) => page.workers().length > 0;

/** A page and what it said. */
export class TestPage {
  /** What the page wrote to its console, as `type: text`. @type {string[]} */
  console = [];
  /** Uncaught exceptions and unhandled rejections of the page. @type {string[]} */
  errors = [];

  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    page.setDefaultTimeout(WAIT_MS);
    page.on("console", (message) => this.console.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => {
      const text = error instanceof Error ? error.message : String(error);
      if (NETWORK_NOTE.test(text)) this.console.push(`error: ${text}`);
      else this.errors.push(text);
    });
  }

  /**
   * Awaits a condition in the page: until the function, which runs there, returns something truthy.
   * @template {unknown[]} Args
   * @template Value
   * @param {(...args: Args) => Value} condition
   * @param {{ timeout?: number, polling?: number | "raf" | "mutation" }} [options] `polling` in ms for hidden
   *   pages, which get no animation frames
   * @param {Args} args
   * @returns {Promise<Awaited<Value>>} what it returned
   */
  async eventually(condition, options = {}, ...args) {
    try {
      const run = /** @type {import("puppeteer-core").EvaluateFunc<Args>} */ (condition);
      const handle = await this.page.waitForFunction(run, options, ...args);
      return /** @type {Awaited<Value>} */ (await handle.jsonValue());
    } catch (error) {
      const said = [...this.errors, ...this.console].slice(-20).join("\n");
      throw new Error(`In ${this.page.url()} it never held: ${condition}\nThe page said:\n${said}`, {
        cause: error,
      });
    }
  }

  close() {
    return this.page.close();
  }
}

/**
 * @param {Browser | import("puppeteer-core").BrowserContext} browser
 * @param {string} url
 */
export async function openPage(browser, url) {
  const page = new TestPage(await browser.newPage());
  await page.page.goto(url, { waitUntil: "load" });
  return page;
}
