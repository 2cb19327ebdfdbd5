/**
 * A TCP proxy that goes between a browser and a real back-end, and fails in the ways networks fail. It reads the head
 * of each request, so that WebSocket handshakes and plain requests can be treated apart; it never changes a body.
 */
import { EventEmitter } from "node:events";
import { createServer } from "node:net";
import { Link } from "./link.mjs";

/**
 * - `pass`: everything passes.
 * - `refuseUpgrade`: WebSocket handshakes are answered with a status, plain requests pass.
 * - `silent`: WebSockets stay open but nothing passes on them any more, new ones fall silent once open; HTTP passes.
 * - `blackhole`: nothing passes at all; new connections are taken and never answered.
 * - `down`: connections are reset, new ones refused.
 *
 * What was lost is lost: a connection that has been silent stays so in later modes, as half-open ones do.
 * @typedef {"pass" | "refuseUpgrade" | "silent" | "blackhole" | "down"} Mode
 */
/**
 * @typedef {object} Counters
 * @property {number} upgrades WebSocket handshakes seen
 * @property {number} refusedUpgrades of these, answered by the proxy itself
 * @property {number} openWebSockets now, as the client sees it
 * @property {number} mostWebSockets open at the same time
 * @property {Record<string, number>} requests plain requests by path, without the query
 * @property {Record<string, number>} upgradePaths handshakes by path
 */

export class FaultProxy {
  /** Emits "upgrade" and "request" with the path, "open" and "close" of WebSockets with the number open. */
  events = new EventEmitter();
  /** @type {Counters} */
  #counters = {
    upgrades: 0,
    refusedUpgrades: 0,
    openWebSockets: 0,
    mostWebSockets: 0,
    requests: {},
    upgradePaths: {},
  };
  #target;
  #port = 0;
  /** @type {import("node:net").Server | undefined} */
  #server;
  /** @type {Set<Link>} */
  #links = new Set();
  /** @type {Mode} */
  #mode = "pass";
  #refusal = 503;
  #latency = 0;
  /** @type {import("./link.mjs").Answer | null} */
  #status = null;

  /** @type {import("./link.mjs").LinkHost} */
  #host = {
    latency: () => this.#latency,
    target: () => ({ host: this.#target.hostname, port: Number(this.#target.port || 80) }),
    silentOnOpen: () => this.#mode === "silent" || this.#mode === "blackhole",
    seen: (request) => this.#seen(request),
    opened: () => {
      this.#counters.openWebSockets += 1;
      this.#counters.mostWebSockets = Math.max(this.#counters.mostWebSockets, this.#counters.openWebSockets);
      this.events.emit("open", this.#counters.openWebSockets);
    },
    left: (link) => {
      if (!link.isWebSocket) return;
      this.#counters.openWebSockets -= 1;
      this.events.emit("close", this.#counters.openWebSockets);
    },
    over: (link) => this.#links.delete(link),
  };

  /** @param {string} target URL of the back-end */
  constructor(target) {
    this.#target = new URL(target);
  }

  get url() {
    return `http://127.0.0.1:${this.#port}`;
  }

  get port() {
    return this.#port;
  }

  /** A copy of the counters. */
  get counters() {
    return structuredClone(this.#counters);
  }

  /**
   * Sends new connections to another back-end.
   * @param {string} url
   */
  retarget(url) {
    this.#target = new URL(url);
  }

  /**
   * @param {Mode} mode
   * @param {{ status?: number }} [options] status of refused handshakes, 503 when left out
   */
  async mode(mode, { status = 503 } = {}) {
    this.#mode = mode;
    this.#refusal = status;
    if (mode === "silent") for (const link of this.#links) link.dead ||= link.isWebSocket;
    if (mode === "blackhole") for (const link of this.#links) link.dead = true;
    if (mode === "down") await this.#stop();
    else await this.listen();
  }

  /** Resets every connection of the moment; new ones pass. */
  cut() {
    for (const link of this.#links) link.cut();
  }

  /**
   * Delays everything by this much, each way.
   * @param {number} milliseconds
   */
  latency(milliseconds) {
    this.#latency = milliseconds;
  }

  /**
   * Answers plain requests (CORS preflights apart) with a status instead of the back-end's answer.
   * @param {number | null} status null lets the back-end answer again
   * @param {Record<string, string>} [headers]
   */
  httpStatus(status, headers = {}) {
    this.#status = status === null ? null : { status, headers };
  }

  /** Everything passes again, at once and unchanged. */
  async reset() {
    this.latency(0);
    this.httpStatus(null);
    await this.mode("pass");
  }

  async listen() {
    if (this.#server) return;
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      const link = new Link(socket, this.#host);
      link.dead = this.#mode === "blackhole";
      this.#links.add(link);
    });
    this.#server = server;
    await new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.#port, "127.0.0.1", () => resolve(undefined));
    });
    this.#port = /** @type {import("node:net").AddressInfo} */ (server.address()).port;
  }

  /** Ends for good. */
  async close() {
    await this.#stop();
  }

  async #stop() {
    const server = this.#server;
    this.#server = undefined;
    const closed = new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
    this.cut();
    await closed;
  }

  /** @param {import("./link.mjs").Request} request */
  #seen({ method, path, upgrade }) {
    const counts = upgrade ? this.#counters.upgradePaths : this.#counters.requests;
    counts[path] = (counts[path] ?? 0) + 1;
    if (upgrade) this.#counters.upgrades += 1;
    this.events.emit(upgrade ? "upgrade" : "request", path);
    if (!upgrade) return method === "OPTIONS" ? null : this.#status;
    if (this.#mode !== "refuseUpgrade") return null;
    this.#counters.refusedUpgrades += 1;
    return { status: this.#refusal, headers: {} };
  }
}

/**
 * @param {{ target: string }} options
 * @returns {Promise<FaultProxy>} listening on a free port of 127.0.0.1
 */
export async function createFaultProxy({ target }) {
  const proxy = new FaultProxy(target);
  await proxy.listen();
  return proxy;
}
