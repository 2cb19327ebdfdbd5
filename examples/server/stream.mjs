/**
 * The WebSocket routes `/api/v1/jobs/{id}/stream` (one job) and `/api/v1/stream` (every job), with the faults
 * that the control endpoints switch on. Reads job state from the store; never changes it.
 */
import { WebSocketServer } from "ws";
import { createAuthorizer } from "./auth.mjs";
import { isTerminal, streamEvent } from "./jobs.mjs";
import { refuseUpgrade } from "./responses.mjs";

/** @typedef {import("./jobs.mjs").Watcher} Watcher */
/** @typedef {"array" | "lines" | undefined} Batch how several events share a frame */

const JOB_ROUTE = /^\/api\/v1\/jobs\/([^/]+)\/stream$/;
const SHARED_ROUTE = "/api/v1/stream";
const MAX_CLIENT_MESSAGE = 64 * 1024;
/** A client this far behind is dropped, so that it cannot hold the server's memory. */
const MAX_BACKLOG = 64 * 1024 * 1024;
/** Heartbeats without any sign of life before a connection counts as dead. */
const MISSED_HEARTBEATS = 4;

const UNAUTHORISED = 4401;
const UNKNOWN_JOB = 4404;
const TRY_AGAIN_LATER = 1013;

/** @implements {Watcher} */
class Connection {
  /** @type {import("ws").WebSocket} */
  #ws;
  #streams;
  #batch;
  /** @type {string[]} */
  #pending = [];
  #missed = 0;
  /** @type {NodeJS.Timeout} */
  #heartbeat;
  #over = false;

  /**
   * @param {import("ws").WebSocket} ws
   * @param {Streams} streams
   * @param {Batch} batch
   * @param {number} heartbeatMs
   */
  constructor(ws, streams, batch, heartbeatMs) {
    this.#ws = ws;
    this.#streams = streams;
    this.#batch = batch;
    this.#heartbeat = setInterval(() => this.#beat(), heartbeatMs);
    ws.on("message", (data) => this.#receive(data));
    ws.on("pong", () => (this.#missed = 0));
    ws.on("close", () => clearInterval(this.#heartbeat));
    if (streams.silent) ws.pause();
  }

  /**
   * @param {string} text
   * @param {boolean} terminal
   * @param {boolean} binary
   */
  deliver(text, terminal, binary) {
    if (this.#over) return;
    this.#over = terminal;
    if (this.#batch === undefined) this.#send(text, binary);
    else if (this.#pending.push(text) === 1) setImmediate(() => this.#flush());
    if (!terminal) return;
    this.#flush();
    this.close(1000, "");
  }

  /**
   * @param {Buffer} data
   * @param {boolean} binary
   */
  frame(data, binary) {
    if (!this.#over) this.#send(data, binary);
  }

  /**
   * @param {number} code
   * @param {string} reason
   */
  close(code, reason) {
    clearInterval(this.#heartbeat);
    this.#over = true;
    // On a half-open link the close frame is lost as well: the client has to find out by itself.
    if (!this.#streams.silent) this.#ws.close(code, reason);
  }

  /** @param {boolean} on */
  silence(on) {
    if (on) this.#ws.pause();
    else this.#ws.resume();
  }

  terminate() {
    this.#ws.terminate();
  }

  #flush() {
    const events = this.#pending;
    if (events.length === 0) return;
    this.#pending = [];
    this.#send(this.#batch === "array" ? `[${events.join(",")}]` : events.join("\n"), false);
  }

  /**
   * @param {string | Buffer} data
   * @param {boolean} binary
   */
  #send(data, binary) {
    if (this.#streams.silent || this.#ws.readyState !== this.#ws.OPEN) return;
    if (this.#ws.bufferedAmount > MAX_BACKLOG) {
      this.#ws.close(TRY_AGAIN_LATER, "The client reads too slowly.");
      return;
    }
    this.#ws.send(data, { binary });
    this.#streams.counters.sent += 1;
  }

  #beat() {
    if (this.#streams.silent) return;
    this.#missed += 1;
    if (this.#missed > MISSED_HEARTBEATS) {
      this.#ws.terminate();
      return;
    }
    this.#send(JSON.stringify({ type: "heartbeat", timestamp: new Date().toISOString() }), false);
    // Browsers answer a protocol ping even when the page is frozen, so only dead links are dropped.
    this.#ws.ping();
  }

  /** @param {import("ws").RawData} data */
  #receive(data) {
    this.#missed = 0;
    let message;
    try {
      message = JSON.parse(String(data));
    } catch {
      this.#streams.counters.invalid += 1;
      return;
    }
    if (message?.type === "pong") this.#streams.counters.pongs += 1;
    if (message?.type === "ping") {
      this.#send(JSON.stringify({ type: "pong", timestamp: new Date().toISOString() }), false);
    }
  }
}

export class Streams {
  silent = false;
  refusing = false;
  /** Totals since the start. */
  counters = { handshakes: 0, refused: 0, cut: 0, sent: 0, pongs: 0, invalid: 0, mostSockets: 0 };
  /** @type {Set<Connection>} */
  #connections = new Set();
  #server = new WebSocketServer({ noServer: true, maxPayload: MAX_CLIENT_MESSAGE, perMessageDeflate: false });
  #store;
  #heartbeatMs;
  #authorized;

  /**
   * @param {import("./jobs.mjs").JobStore} store
   * @param {import("./config.mjs").Config} config
   */
  constructor(store, config) {
    this.#store = store;
    this.#heartbeatMs = config.heartbeatMs;
    this.#authorized = createAuthorizer(config.tokens);
  }

  get size() {
    return this.#connections.size;
  }

  /** @param {import("./guard.mjs").Handshake} handshake */
  upgrade({ request, socket, head, url }) {
    this.counters.handshakes += 1;
    const [, encodedId] = JOB_ROUTE.exec(url.pathname) ?? [];
    const batch = url.searchParams.get("batch") ?? undefined;
    if (this.refusing) return this.#refuse(socket, 503, "WebSocket connections are refused at the moment.");
    if (encodedId === undefined && url.pathname !== SHARED_ROUTE) {
      return this.#refuse(socket, 404, `No WebSocket here; use ${SHARED_ROUTE} or /api/v1/jobs/{id}/stream.`);
    }
    if (batch !== undefined && batch !== "array" && batch !== "lines") {
      return this.#refuse(socket, 400, "batch has to be array or lines.");
    }
    const id = encodedId === undefined ? null : decode(encodedId);
    this.#server.handleUpgrade(request, socket, head, (ws) => {
      // A protocol violation of the client closes the connection; `close` follows and cleans up.
      ws.on("error", () => {});
      if (!this.#authorized(request, url))
        return ws.close(UNAUTHORISED, "The token is missing or not accepted.");
      if (id !== null && !this.#store.get(id)) return ws.close(UNKNOWN_JOB, "No such job.");
      this.#accept(ws, id, batch);
    });
  }

  /** Destroys the TCP connection of every socket, as a failing network would. */
  cut() {
    const count = this.#connections.size;
    this.counters.cut += count;
    for (const connection of this.#connections) connection.terminate();
    return count;
  }

  /**
   * Makes every link half-open: it stays up, nothing passes, and what would have been sent is lost.
   * @param {boolean} on
   */
  silence(on) {
    this.silent = on;
    for (const connection of this.#connections) connection.silence(on);
  }

  close() {
    this.cut();
    this.#server.close();
  }

  /**
   * @param {import("ws").WebSocket} ws
   * @param {string | null} id
   * @param {Batch} batch
   */
  #accept(ws, id, batch) {
    const connection = new Connection(ws, this, batch, this.#heartbeatMs);
    this.#connections.add(connection);
    this.counters.mostSockets = Math.max(this.counters.mostSockets, this.#connections.size);
    const unwatch = this.#store.watch(id, connection);
    ws.on("close", () => {
      unwatch();
      this.#connections.delete(connection);
    });
    const job = id === null ? undefined : this.#store.get(id);
    if (job && isTerminal(job)) connection.deliver(JSON.stringify(streamEvent(job)), true, false);
  }

  /**
   * @param {import("node:stream").Duplex} socket
   * @param {number} status
   * @param {string} detail
   */
  #refuse(socket, status, detail) {
    this.counters.refused += 1;
    refuseUpgrade(socket, status, detail);
  }
}

/** @param {string} text */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
