/// <reference path="../pages/window.d.ts" />
/** Image sessions of the Express back-end, and what is noted of the images page of examples/react. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { WAIT_MS } from "./patience.mjs";

export const PROGRESS_PATH = "/api/images_mvp/progress/{id}";
export const PHOTO = fileURLToPath(new URL("../../../examples/backends/express/sample.jpg", import.meta.url));

/**
 * Sends the photo in a session.
 * @param {string} url of the server
 * @param {string} sessionId
 * @param {{ pace?: number, fail?: boolean }} [options]
 */
export async function sendPhoto(url, sessionId, { pace = 30, fail = false } = {}) {
  const form = new FormData();
  form.append("session_id", sessionId);
  form.append("file", new Blob([new Uint8Array(await readFile(PHOTO))]), "photo.jpg");
  const query = `pace=${pace}&fail=${fail ? 1 : 0}`;
  return fetch(`${url}/api/images_mvp/extract?${query}`, { method: "POST", body: form });
}

/**
 * Asks the server until what it tells about its sockets fits.
 * @param {string} url
 * @param {(state: Record<string, number>) => boolean} condition
 */
export async function serverHas(url, condition) {
  const deadline = performance.now() + WAIT_MS;
  for (;;) {
    const state = await (await fetch(`${url}/api/images_mvp/_control/state`)).json();
    if (condition(state)) return;
    assert.ok(performance.now() < deadline, `${condition} never held: ${JSON.stringify(state)}`);
  }
}

/** Runs in the page before its scripts: counts its sockets, and notes what stands beside the bars. */
export function noteImages() {
  const sockets = { now: 0, most: 0 };
  const percents = new Set();
  Object.assign(window, { sockets, percents });
  window.WebSocket = class extends window.WebSocket {
    /** @param {ConstructorParameters<typeof WebSocket>} given */
    constructor(...given) {
      super(...given);
      sockets.most = Math.max(sockets.most, ++sockets.now);
      this.addEventListener("close", () => sockets.now--);
    }
  };
  const look = () => {
    for (const { textContent } of document.querySelectorAll(".percent")) percents.add(textContent);
  };
  const changes = { characterData: true, childList: true, subtree: true };
  new MutationObserver(look).observe(document, changes);
}
