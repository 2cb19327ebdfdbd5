/** The sockets of everybody, and the three shapes in which events are sent to all of them. */
import { WebSocketServer } from "ws";
import { createAuthorizer } from "../../server/auth.mjs";
import { refuseUpgrade } from "../../server/responses.mjs";
import { createNaming } from "./naming.mjs";

/** @typedef {"mixed" | "type" | "event" | "flat"} Shape */
/** @typedef {Record<string, unknown>} Payload */
/** @typedef {(event: string, data: Payload) => void} Broadcast */

/** @type {readonly Shape[]} */
export const SHAPES = ["mixed", "type", "event", "flat"];

/** What was first sent by a function of its own for enrichment has its fields beside the type. */
const FLAT = new Set(["track_enriched", "batch_complete", "chartmetric_progress"]);
/** The events of the first days; later ones have another name for the name. */
const TYPED = new Set(["job_status", "metric_update", "playlist_updated", "playlist_error"]);

const MAX_CLIENT_MESSAGE = 64 * 1024;
/** A client this far behind is dropped, so that it cannot hold the server's memory. */
const MAX_BACKLOG = 64 * 1024 * 1024;
const MISSED_PINGS = 2;
const KEPT_MESSAGES = 100;
const TRY_AGAIN_LATER = 1013;
const UNAUTHORISED = 4401;

/**
 * @param {Shape} shape
 * @param {string} event
 * @param {Payload} data
 */
export function envelope(shape, event, data) {
  if (shape === "flat" || (shape === "mixed" && FLAT.has(event))) return { type: event, ...data };
  if (shape === "type" || (shape === "mixed" && TYPED.has(event))) return { type: event, data };
  return { event, data };
}

export class Broadcaster {
  /** Totals since the start. */
  counters = { handshakes: 0, sent: 0, invalid: 0 };
  /** The last messages of clients. @type {unknown[]} */
  received = [];
  #server = new WebSocketServer({ noServer: true, maxPayload: MAX_CLIENT_MESSAGE });
  /** Pings that each client has not answered. @type {Map<import("ws").WebSocket, number>} */
  #sockets = new Map();
  #authorized;
  #paths;
  #shape;
  #named;
  #pings;

  /**
   * @param {{ paths: readonly string[], shape: Shape, tokens: readonly string[], pingIntervalMs: number,
   *   names?: import("./naming.mjs").Names }} options
   */
  constructor({ paths, shape, tokens, pingIntervalMs, names = { fields: {}, events: {} } }) {
    this.#paths = paths;
    this.#shape = shape;
    this.#named = createNaming(names);
    this.#authorized = createAuthorizer(tokens);
    this.#pings = setInterval(() => this.#ping(), pingIntervalMs);
  }

  get size() {
    return this.#sockets.size;
  }

  /** @param {URL} url */
  serves(url) {
    return this.#paths.includes(url.pathname);
  }

  /** @param {import("../../server/guard.mjs").Handshake} handshake */
  upgrade({ request, socket, head, url }) {
    this.counters.handshakes += 1;
    if (!this.serves(url)) {
      return refuseUpgrade(socket, 404, `There is no WebSocket here; use ${this.#paths.join(" or ")}.`);
    }
    this.#server.handleUpgrade(request, socket, head, (ws) => {
      // A protocol violation of the client closes the connection; `close` follows and cleans up.
      ws.on("error", () => {});
      if (!this.#authorized(request, url)) {
        return ws.close(UNAUTHORISED, "The token is missing or not accepted.");
      }
      this.#sockets.set(ws, 0);
      ws.on("pong", () => this.#sockets.set(ws, 0));
      ws.on("message", (data) => this.#receive(ws, String(data)));
      ws.on("close", () => this.#sockets.delete(ws));
    });
  }

  /** @type {Broadcast} */
  broadcast = (event, data) => {
    if (this.#sockets.size > 0) this.raw(JSON.stringify(this.#named(envelope(this.#shape, event, data))));
  };

  /** @param {string} text one whole frame */
  raw(text) {
    for (const ws of this.#sockets.keys()) this.#send(ws, text);
  }

  /** Destroys the TCP connection of every socket, as a failing network would. */
  cut() {
    const count = this.#sockets.size;
    for (const ws of this.#sockets.keys()) ws.terminate();
    return count;
  }

  close() {
    clearInterval(this.#pings);
    this.cut();
    this.#server.close();
  }

  /** @param {import("ws").WebSocket} ws @param {string} text */
  #send(ws, text) {
    if (ws.readyState !== ws.OPEN) return;
    if (ws.bufferedAmount > MAX_BACKLOG) return ws.close(TRY_AGAIN_LATER, "The client reads too slowly.");
    ws.send(text);
    this.counters.sent += 1;
  }

  /** @param {import("ws").WebSocket} ws @param {string} text */
  #receive(ws, text) {
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      this.counters.invalid += 1;
      return;
    }
    this.received = [...this.received, message].slice(-KEPT_MESSAGES);
    if (message?.type === "ping") {
      this.#send(ws, JSON.stringify({ type: "pong", timestamp: new Date().toISOString() }));
    }
  }

  #ping() {
    for (const [ws, missed] of this.#sockets) {
      if (missed >= MISSED_PINGS) {
        ws.terminate();
        continue;
      }
      this.#sockets.set(ws, missed + 1);
      ws.ping();
    }
  }
}
