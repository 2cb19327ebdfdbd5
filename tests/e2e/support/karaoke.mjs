/// <reference path="../pages/window.d.ts" />
/** Screens of the karaoke page of examples/react, for end-to-end tests and benchmarks. */
import { openPage } from "./browser.mjs";
import { startEmbeddedServer, startFlask } from "./backend.mjs";
import { WAIT_MS } from "./patience.mjs";

/** @typedef {import("./browser.mjs").TestPage} TestPage */
/** @typedef {"vocalVolume" | "instrumentalVolume" | "lyricsOffset" | "lyricsSize" | "currentTime"} Control */
/** @typedef {{ at: number, status: string }} Step `removed` is the last one */

/** The servers of system B; `urls` are of its web processes. */
export const KARAOKE_SERVERS = /** @type {const} */ ([
  { name: "the embedded server", start: () => startEmbeddedServer() },
  { name: "Flask-SocketIO in two processes", start: () => startFlask() },
]);

const TONE_HZ = 440;
const SAMPLE_RATE = 8000;

/** @param {number} seconds @returns a WAV file */
function makeTone(seconds) {
  const header = 44;
  const frames = seconds * SAMPLE_RATE;
  const wav = Buffer.alloc(header + frames * 2);
  wav.write("RIFF", 0);
  wav.writeUInt32LE(wav.length - 8, 4);
  wav.write("WAVEfmt ", 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(SAMPLE_RATE, 24);
  wav.writeUInt32LE(SAMPLE_RATE * 2, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write("data", 36);
  wav.writeUInt32LE(frames * 2, 40);
  for (let frame = 0; frame < frames; frame += 1) {
    const sample = 9000 * Math.sin((frame * TONE_HZ * 2 * Math.PI) / SAMPLE_RATE);
    wav.writeInt16LE(Math.round(sample), header + frame * 2);
  }
  return wav;
}

/**
 * Sends a recording of a tone to a server.
 * @param {string} url
 * @param {{ seconds?: number, pace?: number }} [options] its length, and the least time of each step in ms
 * @returns {Promise<string>} the job's id
 */
export async function sendTone(url, { seconds = 1, pace = 0 } = {}) {
  const response = await fetch(`${url}/api/jobs?pace=${pace}`, {
    method: "POST",
    body: makeTone(seconds),
    headers: { "X-Filename": "tone.wav" },
  });
  return (await response.json()).id;
}

/** Runs in the page before its scripts: notes each state that a song of the queue goes through. */
function noteQueue() {
  /** @type {Record<string, Step[]>} */
  const steps = {};
  const look = () => {
    const now = performance.now();
    const shown = new Map(
      [...document.querySelectorAll("[data-song-id]")].map((song) => {
        const { songId = "", status = "" } = /** @type {HTMLElement} */ (song).dataset;
        return [songId, status];
      }),
    );
    for (const id of new Set([...Object.keys(steps), ...shown.keys()])) {
      const seen = (steps[id] ??= []);
      const status = shown.get(id) ?? "removed";
      if (seen.at(-1)?.status !== status) seen.push({ at: now, status });
    }
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true, attributes: true });
  Object.assign(window, { queueSteps: steps });
}

/** One browser window with the page. */
export class Screen {
  /**
   * @param {TestPage} test
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
   * @param {{ width: number, height: number }} [viewport]
   */
  static async open(browser, url, viewport = { width: 1100, height: 900 }) {
    const context = await browser.createBrowserContext();
    const test = await openPage(context, "about:blank");
    await test.page.setViewport(viewport);
    await test.page.evaluateOnNewDocument(noteQueue);
    await test.page.goto(url, { waitUntil: "load" });
    return new Screen(test, context);
  }

  /**
   * Awaits a condition in the page.
   * @template Value
   * @template {unknown[]} Args
   * @param {(...args: Args) => Value} condition
   * @param {Args} args
   */
  until(condition, ...args) {
    return this.test.eventually(condition, { polling: 20, timeout: WAIT_MS }, ...args);
  }

  /** Whether this screen is told of changes: the server has answered its joining. */
  inStep() {
    return this.until(() => document.querySelector("[data-joined='true']"));
  }

  /** @param {Control} control @param {string} text */
  shows(control, text) {
    return this.until(
      (name, wanted) => document.querySelector(`[data-control=${name}] output`)?.textContent === wanted,
      control,
      text,
    );
  }

  /** @param {Control} control */
  shown(control) {
    return this.page.$eval(`[data-control=${control}] output`, ({ textContent }) => textContent);
  }

  /** Notes from now on each text of a control. @param {Control} control */
  note(control) {
    return this.page.$eval(`[data-control=${control}] output`, (output) => {
      window.shownTexts = [];
      const changes = { characterData: true, childList: true, subtree: true };
      new MutationObserver(() => window.shownTexts.push(output.textContent)).observe(output, changes);
    });
  }

  noted() {
    return this.page.evaluate(() => window.shownTexts);
  }

  /**
   * Moves a slider as a person does.
   * @param {Control} control
   * @param {number} value as the slider has it
   * @returns {Promise<number>} when, as a time of day in ms
   */
  slide(control, value) {
    return this.page.$eval(
      `[data-control=${control}] input`,
      (input, wanted) => {
        // React looks at the property of the class, not of the element.
        const { set } = /** @type {PropertyDescriptor} */ (
          Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")
        );
        set?.call(input, String(wanted));
        const at = performance.timeOrigin + performance.now();
        input.dispatchEvent(new Event("input", { bubbles: true }));
        return at;
      },
      value,
    );
  }

  /** @param {"small" | "medium" | "large"} size */
  chooseSize(size) {
    return this.page.$eval(`input[value=${size}]`, (input) => /** @type {HTMLElement} */ (input).click());
  }

  pressPlay() {
    return this.page.click(".play");
  }

  /** @param {boolean} wanted */
  isPlaying(wanted) {
    return this.until(
      (playing) => document.querySelector(`.transport[data-playing='${playing}']`),
      String(wanted),
    );
  }

  /** Position in the song, in seconds. */
  position() {
    return this.page.$eval(".position", (shown) =>
      Number(/** @type {HTMLElement} */ (shown).dataset.seconds),
    );
  }

  /** Presses the button or the switch with this name. @param {string} name */
  async press(name) {
    const buttons = await this.page.$$("button");
    const names = await Promise.all(
      buttons.map((button) => button.evaluate(({ textContent }) => textContent)),
    );
    const button = buttons[names.findIndex((text) => text.includes(name))];
    if (!button) throw new Error(`There is no button "${name}".`);
    await button.click();
  }

  /** The songs that are done, newest first. @returns {Promise<string[]>} */
  done() {
    return this.page.$$eval("[data-done-id]", (items) =>
      items.map((item) => /** @type {HTMLElement} */ (item).dataset.doneId ?? ""),
    );
  }

  /**
   * Has a sample made and sent; resolves with the job's id once it is in the queue.
   * @returns {Promise<string>}
   */
  async sendSample() {
    const known = Object.keys(await this.steps());
    await this.press("Use a sample file");
    return this.until(
      (before) => Object.keys(window.queueSteps).find((id) => !before.includes(id)) ?? "",
      known,
    );
  }

  /** What was seen of each song of the queue. @returns {Promise<Record<string, Step[]>>} */
  steps() {
    return this.page.evaluate(() => window.queueSteps);
  }

  /**
   * How long a song that had ended was still shown, in ms, once it has left.
   * @param {string} id
   * @param {string} status
   */
  async shownAfter(id, status) {
    await this.until((song) => window.queueSteps[song]?.at(-1)?.status === "removed", id);
    const steps = (await this.steps())[id] ?? [];
    const ended = steps.find((step) => step.status === status);
    if (!ended) throw new Error(`The song was never ${status}: ${JSON.stringify(steps)}`);
    return (steps.at(-1)?.at ?? 0) - ended.at;
  }

  close() {
    return this.context.close();
  }
}
