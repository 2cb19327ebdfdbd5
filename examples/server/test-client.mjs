/** What tests do with any server: requests, and sockets whose messages can be awaited. */
import { once } from "node:events";
import { after } from "node:test";
import { WebSocket } from "ws";

/**
 * What a test does with a server.
 * @param {string} url
 */
export function client(url) {
  /**
   * @param {string} path
   * @param {RequestInit} [init]
   */
  const call = async (path, init) => {
    const response = await fetch(url + path, init);
    const text = await response.text();
    const json = response.headers.get("content-type")?.startsWith("application/json");
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: json ? JSON.parse(text) : undefined,
    };
  };
  return {
    url,
    call,
    /**
     * @param {string} path
     * @param {unknown} [body]
     */
    post: (path, body) =>
      call(path, { method: "POST", body: body === undefined ? null : JSON.stringify(body) }),
    /**
     * @param {string} name
     * @param {BodyInit} bytes
     * @param {string} [query]
     */
    upload: (name, bytes, query = "") =>
      call(`/api/v1/jobs${query}`, {
        method: "POST",
        body: bytes,
        headers: { "X-Filename": encodeURIComponent(name), "Content-Type": "application/octet-stream" },
      }),
    /** @param {string} path */
    socket: (path) => new TestSocket(url.replace("http", "ws") + path),
  };
}

export class TestSocket {
  /** @type {string[]} frames as they came */
  frames = [];
  /** @type {{ code: number, reason: string } | undefined} */
  closed;
  #ws;

  /** @param {string} url */
  constructor(url) {
    this.#ws = new WebSocket(url);
    this.#ws.on("message", (data) => this.frames.push(String(data)));
    this.#ws.on("close", (code, reason) => (this.closed = { code, reason: String(reason) }));
    this.opened = once(this.#ws, "open");
    // Awaited by those tests that expect it; elsewhere a refusal shows in what follows.
    this.opened.catch(() => {});
    after(() => this.#ws.terminate());
  }

  /** @returns {any[]} */
  get messages() {
    return this.frames.map((frame) => JSON.parse(frame));
  }

  /** @param {unknown} message */
  send(message) {
    this.#ws.send(JSON.stringify(message));
  }

  /**
   * @param {(message: any) => boolean} matches
   * @returns {Promise<any>} the first message, past or future, that matches
   */
  async message(matches) {
    for (let index = 0; ; index += 1) {
      while (index >= this.frames.length) await once(this.#ws, "message");
      const message = JSON.parse(/** @type {string} */ (this.frames[index]));
      if (matches(message)) return message;
    }
  }

  /** @param {number} count */
  async frameCount(count) {
    while (this.frames.length < count) await once(this.#ws, "message");
  }

  async close() {
    if (!this.closed) await once(this.#ws, "close");
    return /** @type {{ code: number, reason: string }} */ (this.closed);
  }
}
