/** Sends bytes to a server as they are, over a TCP socket, and reads the answer within bounds of size and time. */
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/**
 * @typedef {object} Answer
 * @property {number | undefined} status of the first status line; `undefined` where there is none
 * @property {string} text all that was read, one character a byte
 * @property {"end" | "reset" | "timeout" | "limit"} ended how the reading ended: the server closed or reset the
 *   connection, or the bound of time or of size was reached
 */
/**
 * @typedef {object} Limits
 * @property {number} [timeoutMs] for the whole exchange
 * @property {number} [maxBytes] of the answer; reading stops there
 * @property {number} [pauseMs] between two pieces that are sent
 * @property {AbortSignal} [signal] ends the exchange, as "timeout"
 * @property {(text: string) => boolean} [until] the reading also ends, as "limit", when this holds for what was read
 */

const TIMEOUT_MS = 10_000;
const MAX_BYTES = 256 * 1024;

/** @param {string} text one character a byte */
export function statusOf(text) {
  const [, status] = /^HTTP\/1\.[01] (\d{3})/.exec(text) ?? [];
  return status === undefined ? undefined : Number(status);
}

/**
 * Sends the pieces one after the other. It never rejects: how the exchange ended is part of the answer.
 * @param {string} url of the server; only its host and port count
 * @param {string | Buffer | readonly (string | Buffer)[]} pieces a text is sent one byte a character
 * @param {Limits} [limits]
 * @returns {Promise<Answer>}
 */
export function rawRequest(
  url,
  pieces,
  { timeoutMs = TIMEOUT_MS, maxBytes = MAX_BYTES, pauseMs = 0, signal, until } = {},
) {
  const { hostname, port } = new URL(url);
  const list = typeof pieces === "string" || Buffer.isBuffer(pieces) ? [pieces] : pieces;
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname.replace(/^\[|\]$/g, ""));
    let text = "";
    let over = false;
    /** @param {Answer["ended"]} ended */
    const end = (ended) => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      socket.destroy();
      resolve({ status: statusOf(text), text, ended });
    };
    const timer = setTimeout(() => end("timeout"), timeoutMs);
    signal?.addEventListener("abort", () => end("timeout"));
    socket.on("data", (bytes) => {
      text += bytes.toString("latin1", 0, Math.max(0, maxBytes - text.length));
      if (text.length >= maxBytes || until?.(text)) end("limit");
    });
    socket.on("end", () => end("end"));
    socket.on("error", () => end("reset"));
    socket.on("close", () => end("end"));
    socket.on("connect", async () => {
      for (const [index, piece] of list.entries()) {
        if (index > 0 && pauseMs > 0) await delay(pauseMs);
        if (over) return;
        socket.write(typeof piece === "string" ? Buffer.from(piece, "latin1") : piece);
      }
    });
  });
}

/**
 * The head of a request as text, with a blank line behind it. No header is added.
 * @param {string} line the request line
 * @param {Readonly<Record<string, string>>} [headers]
 */
export function requestHead(line, headers = {}) {
  const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${line}\r\n${fields.join("")}\r\n`;
}

/** What makes a request the handshake of a WebSocket. */
export const HANDSHAKE = {
  Connection: "Upgrade",
  Upgrade: "websocket",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
};
