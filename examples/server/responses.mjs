/** What every HTTP answer of a server has in common: JSON bodies and clear errors. */
import { STATUS_CODES } from "node:http";

/** An error whose message the client may read and act on. */
export class HttpError extends Error {
  /**
   * @param {number} status
   * @param {string} detail
   * @param {Record<string, string>} [headers]
   */
  constructor(status, detail, headers = {}) {
    super(detail);
    this.status = status;
    this.headers = headers;
  }
}

/** Of a JSON body; what needs more says so. */
const MAX_JSON_BYTES = 64 * 1024;

/**
 * @param {import("node:http").ServerResponse} response
 * @param {number} status
 * @param {unknown} value
 * @param {Record<string, string>} [headers]
 */
export function sendJson(response, status, value, headers = {}) {
  sendText(response, status, JSON.stringify(value), { "Content-Type": "application/json", ...headers });
}

/**
 * @param {import("node:http").ServerResponse} response
 * @param {number} status
 * @param {string} text
 * @param {Record<string, string>} [headers]
 */
export function sendText(response, status, text, headers = {}) {
  response.writeHead(status, {
    "Content-Type": "text/plain; charset=utf-8",
    "Cache-Control": "no-cache",
    "Content-Length": String(Buffer.byteLength(text)),
    "X-Content-Type-Options": "nosniff",
    ...headers,
  });
  response.end(text);
}

/**
 * Answers a request that failed. What is no `HttpError` is logged, and the client is not told what it was.
 * @param {import("node:http").IncomingMessage} request
 * @param {import("node:http").ServerResponse} response
 * @param {unknown} error
 */
export function sendError(request, response, error) {
  // The client went away in the middle, so there is nobody to answer.
  if (request.socket.destroyed) return;
  const known = error instanceof HttpError;
  if (!known) console.error(`${request.method} ${request.url?.split("?")[0]} failed:`, error);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const detail = known ? error.message : "The server met an unexpected error; its log says which.";
  sendJson(response, known ? error.status : 500, { detail }, known ? error.headers : {});
}

/**
 * Answers a handshake of a WebSocket that is not to succeed.
 * @param {import("node:stream").Duplex} socket
 * @param {number} status
 * @param {string} detail
 */
export function refuseUpgrade(socket, status, detail) {
  const body = JSON.stringify({ detail });
  socket.on("error", () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/**
 * @param {import("node:http").IncomingMessage} request
 * @param {number} [limit] bytes
 * @returns {Promise<any>} the parsed body; an empty one reads as `{}`
 */
export async function readJson(request, limit = MAX_JSON_BYTES) {
  const tooLarge = () => new HttpError(413, `The body is larger than ${limit} bytes; send less at once.`);
  if (Number(request.headers["content-length"] ?? 0) > limit) throw tooLarge();
  const chunks = [];
  let size = 0;
  // Left open, so that there is a way to answer.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += chunk.length;
    if (size > limit) throw tooLarge();
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString("utf8");
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new HttpError(400, `The body is not JSON: ${error instanceof Error ? error.message : error}.`);
  }
}
