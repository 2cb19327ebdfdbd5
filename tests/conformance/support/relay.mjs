/**
 * A proxy between a page and a Socket.IO server that knows frames and bodies: it writes down what passes, and a test
 * may have it change, hold back or lose some of that. The fault proxy of tests/e2e does the same to bytes.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import { WebSocket, WebSocketServer } from "ws";

/**
 * @typedef {object} Frame
 * @property {"polling" | "websocket"} transport
 * @property {"in" | "out"} direction as the page sees it
 * @property {string | Buffer} data a frame, or a whole body
 * @property {string} sid of the session, empty in a handshake
 * @property {Link} link
 */
/**
 * @typedef {object} Link one WebSocket, or one HTTP request
 * @property {boolean} dead nothing passes on it any more, in either direction
 * @property {() => void} cut ends it without a word
 */
/** @typedef {(frame: Frame) => string | Buffer | null | undefined} Rule what passes instead; null: nothing does */

const SEPARATOR = "\x1e";
const CORS = { "Access-Control-Allow-Origin": "*" };

/** @param {import("node:http").IncomingMessage} message */
async function bodyOf(message) {
  const chunks = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

export class Relay {
  /** All that passed or was to pass. @type {Frame[]} */
  frames = [];
  /** Paths and queries of all requests, WebSocket handshakes included. @type {string[]} */
  urls = [];
  /** What passes may be changed here; in the order in which it came. @type {Rule | undefined} */
  rule;
  /** WebSocket handshakes that are neither answered nor refused; undefined: none are held. @type {(() => void)[] | undefined} */
  #held;
  /** Most requests of a method under way at once in one session. @type {Record<string, number>} */
  mostAtOnce = {};
  /** @type {Map<string, number>} */
  #underWay = new Map();
  #target;
  #http = createServer((request, response) => void this.#request(request, response));
  #sockets = new WebSocketServer({ noServer: true });
  /** What asked for a WebSocket, which the HTTP server knows no more. @type {Set<import("node:stream").Duplex>} */
  #upgraded = new Set();

  /** @param {string} target URL of the server */
  constructor(target) {
    this.#target = new URL(target);
    this.#http.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
  }

  get url() {
    const { port } = /** @type {import("node:net").AddressInfo} */ (this.#http.address());
    return `http://127.0.0.1:${port}`;
  }

  async listen() {
    this.#http.listen(0, "127.0.0.1");
    await once(this.#http, "listening");
    return this;
  }

  async close() {
    for (const socket of this.#upgraded) socket.destroy();
    const closed = new Promise((resolve) => this.#http.close(resolve));
    this.#http.closeAllConnections();
    await closed;
  }

  /** How many Engine.IO sessions were begun, or tried. */
  get handshakes() {
    return this.urls.filter((url) => url.includes("EIO=") && !url.includes("sid=")).length;
  }

  /**
   * The packets that passed in one direction, each a text, binary ones left out.
   * @param {"in" | "out"} direction
   * @returns {string[]}
   */
  packets(direction) {
    return this.frames
      .filter((frame) => frame.direction === direction)
      .flatMap(({ transport, data }) => (transport === "polling" ? String(data).split(SEPARATOR) : [data]))
      .filter((packet) => typeof packet === "string");
  }

  /** The bodies that the page posted. */
  get posts() {
    return this.frames
      .filter(({ transport, direction }) => transport === "polling" && direction === "out")
      .map(({ data }) => String(data));
  }

  /** @param {Frame} frame */
  #pass(frame) {
    this.frames.push(frame);
    if (frame.link.dead) return null;
    const changed = this.rule?.(frame);
    return changed === undefined ? frame.data : changed;
  }

  /**
   * @param {import("node:http").IncomingMessage} request
   * @param {import("node:http").ServerResponse} response
   */
  async #request(request, response) {
    const { url = "", method = "" } = request;
    this.urls.push(url);
    const sid = new URL(url, this.url).searchParams.get("sid") ?? "";
    const key = `${method} ${sid}`;
    const now = (this.#underWay.get(key) ?? 0) + 1;
    this.#underWay.set(key, now);
    this.mostAtOnce[method] = Math.max(this.mostAtOnce[method] ?? 0, sid === "" ? 0 : now);
    // Counted until the answer is on its way: what comes after that is a new request.
    const over = () => this.#underWay.set(key, (this.#underWay.get(key) ?? 1) - 1);
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    /** @type {Link} */
    const link = { dead: false, cut: () => response.destroy() };
    const passing = (/** @type {"in" | "out"} */ direction, /** @type {string} */ data) =>
      this.#pass({ transport: "polling", direction, data, sid, link });
    try {
      const posted = method === "POST" ? passing("out", await bodyOf(request)) : undefined;
      if (posted === null) return;
      const answer = await fetch(new URL(url, this.#target), {
        method,
        ...(posted !== undefined && {
          body: String(posted),
          headers: { "Content-Type": "text/plain;charset=UTF-8" },
        }),
        signal: gone.signal,
      });
      const text = await answer.text();
      const given = method === "GET" && answer.ok ? passing("in", text) : text;
      if (given === null) return;
      response.writeHead(answer.status, {
        ...CORS,
        "Content-Type": answer.headers.get("content-type") ?? "text/plain",
      });
      response.end(given);
    } catch {
      // The server, or the page, is gone.
      response.destroy();
    } finally {
      over();
    }
  }

  /**
   * @param {import("node:http").IncomingMessage} request
   * @param {import("node:stream").Duplex} socket
   * @param {Buffer} head
   */
  #upgrade(request, socket, head) {
    const { url = "" } = request;
    this.urls.push(url);
    this.#upgraded.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#upgraded.delete(socket));
    const go = () => this.#connect(request, socket, head, url);
    if (this.#held) this.#held.push(go);
    else go();
  }

  /** Holds WebSocket handshakes from now on. */
  holdHandshakes() {
    this.#held = [];
  }

  /** Lets those that were held go on. */
  releaseHandshakes() {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const go of held) go();
  }

  /**
   * @param {import("node:http").IncomingMessage} request
   * @param {import("node:stream").Duplex} socket
   * @param {Buffer} head
   * @param {string} url
   */
  #connect(request, socket, head, url) {
    const sid = new URL(url, this.url).searchParams.get("sid") ?? "";
    const there = new WebSocket(`ws://${this.#target.host}${url}`, { perMessageDeflate: false });
    there.on("error", () => socket.destroy());
    there.on("open", () => {
      this.#sockets.handleUpgrade(request, socket, head, (page) => this.#join(page, there, sid));
    });
  }

  /**
   * @param {WebSocket} page
   * @param {WebSocket} there
   * @param {string} sid
   */
  #join(page, there, sid) {
    /** @type {Link} */
    const link = {
      dead: false,
      cut() {
        page.terminate();
        there.terminate();
      },
    };
    /**
     * @param {WebSocket} from
     * @param {WebSocket} to
     * @param {"in" | "out"} direction
     */
    const pipe = (from, to, direction) => {
      from.on("message", (/** @type {Buffer} */ bytes, /** @type {boolean} */ binary) => {
        const data = binary ? bytes : bytes.toString();
        const given = this.#pass({ transport: "websocket", direction, data, sid, link });
        if (given !== null && to.readyState === WebSocket.OPEN) to.send(given);
      });
      from.on("close", () => {
        if (!link.dead) to.close();
      });
      from.on("error", () => to.terminate());
    };
    pipe(page, there, "out");
    pipe(there, page, "in");
  }
}

/** @param {{ url: string }} server */
export const startRelay = (server) => new Relay(server.url).listen();
