/** Pages of examples/react, used as a person uses them. */
import { openPage } from "./browser.mjs";
import { WAIT_MS } from "./patience.mjs";

/** A browser window with a page of the site. */
export class DemoPage {
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
   * In a window of its own: a tab behind another one gets no frames.
   * @param {import("puppeteer-core").Browser} browser
   * @param {string} url
   * @param {() => void} [note] runs in the page before its scripts
   */
  static async open(browser, url, note) {
    const context = await browser.createBrowserContext();
    const test = await openPage(context, "about:blank");
    await test.page.setViewport({ width: 1100, height: 900 });
    if (note) await test.page.evaluateOnNewDocument(note);
    await test.page.goto(url, { waitUntil: "load" });
    const opened = new DemoPage(test, context);
    await opened.shows("main");
    return opened;
  }

  /**
   * @template Value
   * @template {unknown[]} Args
   * @param {(...args: Args) => Value} condition runs in the page
   * @param {Args} args
   */
  until(condition, ...args) {
    return this.test.eventually(condition, { polling: 20, timeout: WAIT_MS }, ...args);
  }

  /** Awaits something that a selector finds. @param {string} selector */
  shows(selector) {
    return this.until((wanted) => document.querySelector(wanted) !== null, selector);
  }

  /** Awaits a text below a selector. @param {string} selector @param {string} text */
  says(selector, text) {
    return this.until(
      (where, wanted) =>
        [...document.querySelectorAll(where)].some(({ textContent }) => textContent.includes(wanted)),
      selector,
      text,
    );
  }

  /** Chooses files of this machine, as the dialog would. @param {string[]} paths */
  async choose(...paths) {
    const input = /** @type {import("puppeteer-core").ElementHandle<HTMLInputElement> | null} */ (
      await this.page.$("#file")
    );
    await input?.uploadFile(...paths);
  }

  /** Presses the button or the switch with this name. @param {string} name */
  press(name) {
    return this.page.$$eval(
      "button",
      (buttons, wanted) => {
        const button = buttons.find(({ textContent }) => textContent.includes(wanted));
        if (!button) throw new Error(`There is no button "${wanted}".`);
        button.click();
      },
      name,
    );
  }

  /** Awaits that a selector finds so many. @param {string} selector @param {number} count */
  counts(selector, count) {
    return this.until((wanted, many) => document.querySelectorAll(wanted).length === many, selector, count);
  }

  close() {
    return this.context.close();
  }
}
