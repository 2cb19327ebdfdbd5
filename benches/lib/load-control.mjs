/** The embedded server's load mode, from outside. */
import { setTimeout as delay } from "node:timers/promises";

/**
 * @param {string} server
 * @param {Record<string, unknown>} options
 * @returns {Promise<{ events: number }>} how many events will come before each job's end
 */
export async function postLoad(server, options) {
  const answer = await fetch(`${server}/api/v1/_load`, { method: "POST", body: JSON.stringify(options) });
  if (!answer.ok) throw new Error(`The server refused the load: ${await answer.text()}`);
  return /** @type {{ events: number }} */ (await answer.json());
}

/**
 * @param {string} server
 * @returns {Promise<{ running: boolean, sent: number, jobs: Record<string, string> }>}
 */
export async function loadState(server) {
  const answer = await fetch(`${server}/api/v1/_load`);
  return /** @type {any} */ (await answer.json());
}

/**
 * Asks only when it should be over: each answer names every job, and the server has better to do.
 * @param {string} server
 * @param {number} expectedMs how long it takes
 */
export async function loadEnded(server, expectedMs) {
  await delay(expectedMs);
  const deadline = Date.now() + 60_000;
  let state = await loadState(server);
  while (state.running) {
    if (Date.now() > deadline) throw new Error(`The load does not end; ${state.sent} events were sent.`);
    await delay(500);
    state = await loadState(server);
  }
  return state;
}
