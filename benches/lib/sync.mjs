/** Two screens of the karaoke page: the time from an action on one to the changed state shown on the other. */
import { setTimeout as delay } from "node:timers/promises";
import { Screen } from "../../tests/e2e/support/karaoke.mjs";
import { createFaultProxy } from "../../tests/e2e/support/proxy.mjs";
import { fixed, median, table } from "./figures.mjs";

const GOAL_MS = 100;
const SLIDER = "vocalVolume";
const WITHIN_MS = 60_000;

/** @typedef {{ name: string, changes: number[], returns: number[] }} SyncResult times in ms */
/** @typedef {import("../../tests/e2e/support/backend.mjs").Backend} Backend */

/** Runs in a page: when the frame begins that shows this text, as a time of day in ms. @param {string} wanted */
function whenShown(wanted) {
  const now = () => performance.timeOrigin + performance.now();
  const output = /** @type {Element} */ (document.querySelector("[data-control=vocalVolume] output"));
  return new Promise((resolve) => {
    const look = () => {
      if (output.textContent !== wanted) return;
      observer.disconnect();
      requestAnimationFrame(() => resolve(now()));
    };
    const observer = new MutationObserver(look);
    observer.observe(output, { characterData: true, childList: true, subtree: true });
    look();
  });
}

const timeOfDay = (/** @type {Screen} */ screen) =>
  screen.page.evaluate(() => performance.timeOrigin + performance.now());

/**
 * Changes the slider on one screen and awaits it on the other.
 * @param {Screen} actor
 * @param {Screen} onlooker
 * @param {number} value
 */
async function change(actor, onlooker, value) {
  const shown = /** @type {Promise<number>} */ (onlooker.page.evaluate(whenShown, `${value} %`));
  // The watch is set before the action: the browsers take messages in order, but they are two.
  await timeOfDay(onlooker);
  const acted = await actor.slide(SLIDER, value);
  return (await shown) - acted;
}

/**
 * One screen loses its network for a while, the other goes on.
 * @param {Screen} cut its connection goes through the proxy
 * @param {Screen} other
 * @param {import("../../tests/e2e/support/proxy.mjs").FaultProxy} proxy
 * @param {number} seconds
 * @param {number} value
 */
async function lose(cut, other, proxy, seconds, value) {
  await proxy.mode("down");
  await cut.until(() => !document.querySelector("[data-joined=true]"));
  await delay((seconds * 1000) / 2);
  await other.slide(SLIDER, value);
  await delay((seconds * 1000) / 2);
  const shown = /** @type {Promise<number>} */ (cut.page.evaluate(whenShown, `${value} %`));
  const back = await timeOfDay(other);
  await proxy.mode("pass");
  const returned = (await shown) - back;
  await cut.inStep();
  return returned;
}

/**
 * @param {object} options
 * @param {readonly [import("puppeteer-core").Browser, import("puppeteer-core").Browser]} options.browsers
 * @param {Backend} options.host serves the page
 * @param {Backend} options.server
 * @param {number} options.actions
 * @param {number} options.losses
 * @param {number} options.seconds that each of them takes
 */
export async function measureSync({ browsers, host, server, actions, losses, seconds }) {
  const proxy = await createFaultProxy({ target: server.urls.at(-1) ?? server.url });
  const page = (/** @type {string} */ url) => `${host.url}/karaoke.html?server=${encodeURIComponent(url)}`;
  const first = await Screen.open(browsers[0], page(server.url));
  const second = await Screen.open(browsers[1], page(proxy.url));
  for (const { page } of [first, second]) page.setDefaultTimeout(WITHIN_MS);
  try {
    await Promise.all([first.inStep(), second.inStep()]);
    /** @type {number[]} */
    const changes = [];
    for (let action = 0; action < actions; action += 1) {
      const value = 1 + (action % 99);
      const [actor, onlooker] = action % 2 === 0 ? [first, second] : [second, first];
      changes.push(await change(actor, onlooker, value));
    }
    /** @type {number[]} */
    const returns = [];
    for (let loss = 0; loss < losses; loss += 1)
      returns.push(await lose(second, first, proxy, seconds, 20 + (loss % 70)));
    return { changes, returns };
  } finally {
    await Promise.all([first.close(), second.close()]);
    await proxy.close();
  }
}

/** @param {readonly number[]} values @param {number} share */
function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** @param {readonly SyncResult[]} results */
export function syncTable(results) {
  return table(
    ["server", "change p50", "p95", "max", "goal (p50)", "back in step p50", "max"],
    results.map(({ name, changes, returns }) => [
      name,
      fixed(median(changes), 0),
      fixed(percentile(changes, 0.95), 0),
      fixed(Math.max(...changes), 0),
      `< ${GOAL_MS}`,
      fixed(median(returns), 0),
      fixed(Math.max(...returns), 0),
    ]),
  );
}

/** @param {readonly SyncResult[]} results */
export const syncMisses = (results) =>
  results
    .filter(({ changes }) => median(changes) >= GOAL_MS)
    .map(({ name, changes }) => `${name}: a change takes ${fixed(median(changes), 0)} ms, goal < ${GOAL_MS}`);
