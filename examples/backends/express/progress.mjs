/** The WebSocket route `/api/images_mvp/progress/:sessionId`. */
import { WebSocketServer } from "ws";
import { createAuthorizer } from "../../server/auth.mjs";
import { refuseUpgrade } from "../../server/responses.mjs";
import { isSessionId, progressMessage } from "./sessions.mjs";

export const FOLDER = "/api/images_mvp";
const ROUTE = new RegExp(`^${FOLDER}/progress/([^/]+)$`);
const MAX_CLIENT_MESSAGE = 16 * 1024;
/** A client this far behind is dropped, so that it cannot hold the server's memory. */
const MAX_BACKLOG = 1024 * 1024;
const MISSED_PINGS = 3;
const UNAUTHORISED = 4401;
const TRY_AGAIN_LATER = 1013;

const now = () => new Date().toISOString();

export class ProgressSockets {
  /** Totals since the start. */
  counters = { handshakes: 0, turnedAway: 0, mostSockets: 0, pings: 0, pongs: 0, invalid: 0 };
  #server = new WebSocketServer({ noServer: true, maxPayload: MAX_CLIENT_MESSAGE });
  /** @type {Set<import("ws").WebSocket>} */
  #sockets = new Set();
  #sessions;
  #config;
  #authorized;

  /** @param {import("./sessions.mjs").Sessions} sessions @param {import("./config.mjs").ImageConfig} config */
  constructor(sessions, config) {
    this.#sessions = sessions;
    this.#config = config;
    this.#authorized = createAuthorizer(config.tokens);
  }

  get size() {
    return this.#sockets.size;
  }

  /** @param {URL} url */
  serves(url) {
    return ROUTE.test(url.pathname);
  }

  /** @param {import("../../server/guard.mjs").Handshake} handshake */
  upgrade({ request, socket, head, url }) {
    this.counters.handshakes += 1;
    const [, id = ""] = ROUTE.exec(url.pathname) ?? [];
    if (!isSessionId(id)) {
      return refuseUpgrade(socket, 404, `There is no WebSocket here; use ${FOLDER}/progress/{sessionId}.`);
    }
    this.#server.handleUpgrade(request, socket, head, (ws) => {
      // A protocol violation of the client closes the connection; `close` follows and cleans up.
      ws.on("error", () => {});
      if (!this.#authorized(request, url)) {
        return ws.close(UNAUTHORISED, "The token is missing or not accepted.");
      }
      // Browsers do not tell a page the status of a refused handshake, but they do tell a close code.
      if (this.#sockets.size >= this.#config.maxSockets) {
        this.counters.turnedAway += 1;
        return ws.close(TRY_AGAIN_LATER, "All places for sockets are taken; try again in a few seconds.");
      }
      this.#accept(ws, id);
    });
  }

  /** Destroys the TCP connection of every socket, as a failing network would. */
  cut() {
    const count = this.#sockets.size;
    for (const ws of this.#sockets) ws.terminate();
    return count;
  }

  close() {
    this.cut();
    this.#server.close();
  }

  /** @param {import("ws").WebSocket} ws @param {string} id */
  #accept(ws, id) {
    this.#sockets.add(ws);
    this.counters.mostSockets = Math.max(this.counters.mostSockets, this.#sockets.size);
    /** @type {import("./sessions.mjs").Listener} */
    const send = (message) => {
      if (ws.readyState !== ws.OPEN) return;
      if (ws.bufferedAmount > MAX_BACKLOG) return ws.terminate();
      ws.send(JSON.stringify(message));
    };
    send({ type: "connected", sessionId: id, timestamp: now() });
    const session = this.#sessions.get(id);
    if (session && this.#config.replay) send(progressMessage(session));
    const unwatch = this.#sessions.watch(id, send);

    let missed = 0;
    const pings = setInterval(() => {
      if (missed >= MISSED_PINGS) return ws.terminate();
      missed += 1;
      send({ type: "ping", timestamp: now() });
      // Browsers answer this one by themselves, also for a page that knows nothing of pings.
      ws.ping();
    }, this.#config.pingIntervalMs);
    ws.on("pong", () => (missed = 0));
    ws.on("message", (data) => {
      missed = 0;
      this.#receive(String(data), send);
    });
    ws.on("close", () => {
      clearInterval(pings);
      unwatch();
      this.#sockets.delete(ws);
    });
  }

  /** @param {string} text @param {import("./sessions.mjs").Listener} send */
  #receive(text, send) {
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      this.counters.invalid += 1;
      return;
    }
    if (message?.type === "pong") this.counters.pongs += 1;
    if (message?.type !== "ping") return;
    this.counters.pings += 1;
    send({ type: "pong", timestamp: now() });
  }
}
