/** The track analysis back-end of system A, as tests use it: recordings, notices of its worker, frames, its state. */
import assert from "node:assert/strict";
import { sampleWav } from "../../../examples/backends/bun/make-sample.mjs";
import { NOTIFY_TOKEN } from "./backend.mjs";
import { WAIT_MS } from "./patience.mjs";

export const GOOD = sampleWav({ seconds: 2, bpm: 100 });
export const BAD = Buffer.from("no recording at all");

/**
 * Sends recordings, which become one job.
 * @param {string} url of the server
 * @param {readonly Buffer[]} recordings
 * @param {Record<string, string>} [options] `pace`, `fail`, `total`
 * @returns {Promise<{ jobId: number, tracks: { trackId: string, name: string }[] }>}
 */
export async function analyse(url, recordings, options = {}) {
  const form = new FormData();
  for (const [index, bytes] of recordings.entries())
    form.append("tracks", new Blob([new Uint8Array(bytes)]), `song-${index + 1}.wav`);
  const response = await fetch(`${url}/jobs?${new URLSearchParams(options)}`, { method: "POST", body: form });
  assert.equal(response.status, 202);
  return response.json();
}

/** What the worker posts; the server publishes it as it is. @param {string} url @param {object} data */
export async function notify(url, data) {
  const headers = { Authorization: `Bearer ${NOTIFY_TOKEN}` };
  const response = await fetch(`${url}/notify`, { method: "POST", headers, body: JSON.stringify(data) });
  assert.equal(response.status, 200);
}

/** Sends frames verbatim to every socket. @param {string} url @param {...string} frames */
export async function replay(url, ...frames) {
  const response = await fetch(`${url}/_control/replay`, { method: "POST", body: JSON.stringify(frames) });
  assert.equal(response.status, 200);
}

/**
 * Asks the server until it has received a message that fits, and tells all it received.
 * @param {string} url
 * @param {(message: any) => boolean} fits
 * @returns {Promise<any[]>}
 */
export async function received(url, fits) {
  const deadline = performance.now() + WAIT_MS;
  for (;;) {
    const state = await (await fetch(`${url}/_control/state`)).json();
    if (state.received.some(fits)) return state.received;
    assert.ok(performance.now() < deadline, `${fits} never held: ${JSON.stringify(state)}`);
  }
}
