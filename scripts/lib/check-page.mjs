/** Takes a real file through the demo in a headless Chromium, and tells each state of its job. */

const TIME_LIMIT_MS = 60_000;
const TERMINAL = new Set(["completed", "failed", "cancelled"]);

/**
 * The states told by the card of a job, oldest first, as the page collects them.
 * @typedef {{ status: string, progress: string, stage: string }} CardState
 */

/** One line for a person. @param {CardState} state */
export function describe({ status, progress, stage }) {
  return [status, progress === "" ? undefined : `${progress} %`, stage || undefined]
    .filter(Boolean)
    .join(", ");
}

/**
 * @param {{ url: string, chromium: string, file: string, print: (line: string) => void }} options
 * @returns {Promise<{ passed: boolean, seen: string[], complaints: string[] }>}
 */
export async function checkPage({ url, chromium, file, print }) {
  const { launch } = await import("puppeteer-core");
  const browser = await launch({
    executablePath: chromium,
    headless: true,
    args: [
      // Chromium refuses to sandbox what root starts.
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
      "--disable-dev-shm-usage",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  /** @type {string[]} */
  const seen = [];
  /** @type {string[]} */
  const complaints = [];
  try {
    const page = await browser.newPage();
    page.on("pageerror", (error) => complaints.push(`error in the page: ${String(error)}`));
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(`console: ${message.text()}`);
    });
    /** @type {Promise<string>} */
    const ended = new Promise((resolve) => {
      void page.exposeFunction("tellState", (/** @type {CardState} */ state) => {
        const line = describe(state);
        if (seen.at(-1) !== line) {
          seen.push(line);
          print(line);
        }
        if (TERMINAL.has(state.status)) resolve(state.status);
      });
    });
    await page.goto(url);
    const input = await page.waitForSelector("#file", { timeout: TIME_LIMIT_MS });
    await page.evaluate(watchCards);
    await /** @type {import("puppeteer-core").ElementHandle<HTMLInputElement>} */ (input).uploadFile(file);
    const status = await Promise.race([ended, timeLimit()]);
    if (status !== "completed") complaints.push(`the job ended as "${status}"`);
    return { passed: status === "completed", seen, complaints };
  } catch (error) {
    complaints.push(error instanceof Error ? error.message : String(error));
    return { passed: false, seen, complaints };
  } finally {
    await browser.close();
  }
}

/** Runs in the page: tells the state of the first job card, now and at each change. */
function watchCards() {
  let last = "";
  const look = () => {
    const card = document.querySelector("[data-job-id]");
    if (!(card instanceof HTMLElement)) return;
    const { status = "", progress = "", stage = "" } = card.dataset;
    const state = JSON.stringify([status, progress, stage]);
    if (status === "" || state === last) return;
    last = state;
    /** @type {any} */ (window).tellState({ status, progress, stage });
  };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true });
  look();
}

/** @returns {Promise<string>} */
function timeLimit() {
  return new Promise((resolve) => {
    setTimeout(() => resolve(`still unfinished after ${TIME_LIMIT_MS / 1000} s`), TIME_LIMIT_MS).unref();
  });
}
