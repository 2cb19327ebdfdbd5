/** One connection through the fault proxy: a client's socket, and the back-end's once the request is known. */
import { STATUS_CODES } from "node:http";
import { connect } from "node:net";
import { Lane } from "./lane.mjs";
import { MAX_HEAD_BYTES, readRequest, readStatus, splitHead, withConnectionClose } from "./http-head.mjs";

/** @typedef {{ status: number, headers: Record<string, string> }} Answer given instead of the back-end's */
/** @typedef {ReturnType<typeof readRequest>} Request */
/**
 * @typedef {object} LinkHost what a link asks of its proxy
 * @property {() => number} latency
 * @property {() => { host: string, port: number }} target
 * @property {() => boolean} silentOnOpen whether a WebSocket that has just opened falls silent
 * @property {(request: Request) => Answer | null} seen counts a request; an answer replaces the back-end's
 * @property {(link: Link) => void} opened the back-end accepted a WebSocket
 * @property {(link: Link) => void} left the client is gone
 * @property {(link: Link) => void} over nothing of the link is left
 */

/** The body of a replaced answer and CORS: a page of any origin gets to read the status. */
const ANSWER_HEADERS = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Expose-Headers": "*, Retry-After",
  "Content-Type": "application/json",
  Connection: "close",
};

export class Link {
  /** Nothing passes any more, in either direction, not even an end. Never taken back: bytes are lost by then. */
  dead = false;
  isWebSocket = false;
  #client;
  #host;
  /** @type {import("node:net").Socket | undefined} */
  #upstream;
  #toClient;
  /** @type {Lane | undefined} */
  #toUpstream;
  /** @type {Buffer} */
  #head = Buffer.alloc(0);
  #answered = false;
  #left = false;

  /**
   * @param {import("node:net").Socket} client
   * @param {LinkHost} host
   */
  constructor(client, host) {
    this.#client = client;
    this.#host = host;
    this.#toClient = new Lane(client, host.latency);
    client.on("data", (chunk) => this.#fromClient(chunk));
    client.on("end", () => {
      this.#leave();
      if (this.#answered) client.destroy();
      else if (!this.#upstream && !this.dead) client.end();
      else if (!this.dead) this.#toUpstream?.push(null);
    });
    client.on("error", () => {});
    client.on("close", () => {
      this.#leave();
      if (!this.dead) this.#upstream?.destroy();
      this.#finish();
    });
  }

  /** Destroys both sockets; the client sees a reset, as when a router forgets a connection. */
  cut() {
    this.#reset();
    this.#upstream?.destroy();
  }

  #reset() {
    // libuv refuses to reset a socket that is shutting down, and Node then never closes its handle.
    if (this.#client.writableEnded) this.#client.destroy();
    else this.#client.resetAndDestroy();
  }

  #leave() {
    if (this.#left) return;
    this.#left = true;
    this.#host.left(this);
  }

  #finish() {
    const gone = (/** @type {import("node:net").Socket | undefined} */ socket) => !socket || socket.destroyed;
    if (gone(this.#client) && gone(this.#upstream)) this.#host.over(this);
  }

  /** @param {Buffer} chunk */
  #fromClient(chunk) {
    if (this.dead || this.#answered) return;
    if (this.#toUpstream) {
      this.#toUpstream.push(chunk);
      return;
    }
    this.#head = Buffer.concat([this.#head, chunk]);
    const split = splitHead(this.#head);
    if (split) this.#route(split.head, split.rest);
    else if (this.#head.length > MAX_HEAD_BYTES) this.#answer({ status: 431, headers: {} });
  }

  /**
   * @param {string} head
   * @param {Buffer} rest
   */
  #route(head, rest) {
    const request = readRequest(head);
    const answer = this.#host.seen(request);
    if (answer) {
      this.#answer(answer);
      return;
    }
    const upstream = connect({ ...this.#host.target(), allowHalfOpen: true, noDelay: true });
    this.#upstream = upstream;
    this.#toUpstream = new Lane(upstream, this.#host.latency);
    this.#toUpstream.push(Buffer.from(request.upgrade ? head : withConnectionClose(head), "latin1"));
    if (rest.length > 0) this.#toUpstream.push(rest);

    /** @type {Buffer | null} */
    let response = request.upgrade ? Buffer.alloc(0) : null;
    upstream.on("data", (chunk) => {
      if (this.dead) return;
      if (response === null) {
        this.#toClient.push(chunk);
        return;
      }
      response = Buffer.concat([response, chunk]);
      const split = splitHead(response);
      if (!split) return;
      response = null;
      this.#toClient.push(Buffer.from(split.head, "latin1"));
      if (readStatus(split.head) === 101) this.#open();
      if (split.rest.length > 0 && !this.dead) this.#toClient.push(split.rest);
    });
    upstream.on("end", () => {
      if (!this.dead) this.#toClient.push(null);
    });
    upstream.on("error", () => {
      if (!this.dead) this.#reset();
    });
    upstream.on("close", () => this.#finish());
  }

  #open() {
    // A client that has gone meanwhile never had a WebSocket.
    if (this.#left) return;
    this.isWebSocket = true;
    this.dead = this.#host.silentOnOpen();
    this.#host.opened(this);
  }

  /** @param {Answer} answer */
  #answer({ status, headers }) {
    this.#answered = true;
    const body = JSON.stringify({ detail: `The fault proxy answers ${status}.` });
    const fields = { ...ANSWER_HEADERS, ...headers, "Content-Length": String(Buffer.byteLength(body)) };
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
    this.#toClient.push(
      Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("")}\r\n${body}`),
    );
    this.#toClient.push(null);
  }
}
