/** A server that says whatever a test wants, in each of the three protocols: it has no rule of its own to keep. */
import { createServer } from "node:http";
import { WebSocketServer } from "ws";

/** @typedef {"stream" | "broadcast" | "socket.io"} Protocol */
/** @typedef {(request: import("node:http").IncomingMessage, response: import("node:http").ServerResponse) => void} Answer */

/** So many bytes may wait in a socket before the server waits for the client. */
const IN_FLIGHT = 1 << 20;
/** The session of Engine.IO never needs a ping while a test lasts. */
const HANDSHAKE = {
  sid: "hostile",
  upgrades: [],
  pingInterval: 300_000,
  pingTimeout: 300_000,
  maxPayload: 1e9,
};

/** How the protocols say the same. */
export const dialects = {
  stream: {
    /** @param {string} id @param {object} [more] */
    running: (id, more) => JSON.stringify({ type: "progress", job_id: id, progress: 10, ...more }),
    /** @param {string} id @param {object} [more] */
    completed: (id, more) => JSON.stringify({ type: "completed", job_id: id, ...more }),
    /** @param {string} name @param {object} data */
    event: (name, data) => JSON.stringify({ type: name, ...data }),
  },
  broadcast: {
    /** @param {string} id @param {object} [more] */
    running: (id, more) =>
      JSON.stringify({ type: "job_status", data: { job_id: id, status: "running", progress: 10, ...more } }),
    /** @param {string} id @param {object} [more] */
    completed: (id, more) =>
      JSON.stringify({ type: "job_status", data: { job_id: id, status: "completed", ...more } }),
    /** @param {string} name @param {object} data */
    event: (name, data) => JSON.stringify({ type: name, data }),
  },
  "socket.io": {
    /** @param {string} id @param {object} [more] */
    running: (id, more) =>
      `42${JSON.stringify(["job_updated", { id, status: "processing", progress: 10, ...more }])}`,
    /** @param {string} id @param {object} [more] */
    completed: (id, more) => `42${JSON.stringify(["job_completed", { id, status: "completed", ...more }])}`,
    /** @param {string} name @param {object} data */
    event: (name, data) => `42${JSON.stringify([name, data])}`,
  },
};

const CORS = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Headers": "*",
  "Access-Control-Expose-Headers": "*",
};

/** The options of a client of this server. @param {Protocol} protocol @param {string} url */
export function optionsFor(protocol, url) {
  const common = {
    url,
    protocol,
    polling: { url: "/jobs/{id}", interval: 250 },
    reconnect: { baseDelay: 50, maxDelay: 250, minUptime: 100 },
  };
  if (protocol === "stream") return { ...common, path: "/all" };
  return protocol === "broadcast" ? common : { ...common, transports: ["websocket"] };
}

export class HostileServer {
  /** The sockets that are open, those of Socket.IO once they have joined. @type {Set<import("ws").WebSocket>} */
  sockets = new Set();
  /** What HTTP requests get; without it a job is not there. @type {Answer | undefined} */
  answer;
  /** Runs for each new socket. @type {((socket: import("ws").WebSocket) => void) | undefined} */
  greet;
  /** Addresses and headers of the HTTP requests, the last hundred. @type {{ url: string, headers: import("node:http").IncomingHttpHeaders }[]} */
  requests = [];
  /** Bytes of bodies that were handed to sockets. */
  bytesSent = 0;
  /** Jobs that an honest server knows, by id. @type {Map<string, object>} */
  jobs = new Map();

  /** @param {Protocol} protocol */
  constructor(protocol) {
    this.protocol = protocol;
    this.dialect = dialects[protocol];
    this.http = createServer((request, response) => this.#serve(request, response));
    this.webSockets = new WebSocketServer({
      server: this.http,
      perMessageDeflate: false,
      maxPayload: 1 << 30,
    });
    this.webSockets.on("connection", (socket) => this.#accept(socket));
  }

  async listen() {
    await new Promise((resolve) => this.http.listen(0, "127.0.0.1", () => resolve(undefined)));
    return this;
  }

  get url() {
    const { port } = /** @type {import("node:net").AddressInfo} */ (this.http.address());
    return `http://127.0.0.1:${port}`;
  }

  async close() {
    for (const socket of this.webSockets.clients) socket.terminate();
    this.webSockets.close();
    const closed = new Promise((resolve) => this.http.close(resolve));
    this.http.closeAllConnections();
    await closed;
  }

  /** From now on it behaves. */
  calm() {
    this.answer = this.greet = undefined;
    for (const socket of this.webSockets.clients) socket.resume();
  }

  /**
   * Sends messages to every open socket, as fast as they are taken.
   * @param {Iterable<string | Buffer>} messages
   * @param {{ forMs?: number }} [options] for so long at most
   */
  async send(messages, { forMs = Infinity } = {}) {
    const end = Date.now() + forMs;
    let sent = 0;
    for (const message of messages) {
      if (Date.now() > end) break;
      for (const socket of this.sockets) {
        if (socket.readyState === socket.OPEN) socket.send(message);
      }
      if (++sent % 64 === 0 || message.length > 100_000) await this.drained(end);
    }
    await this.drained(end);
    return sent;
  }

  /** Awaits that the clients have taken most of what was sent. @param {number} [end] */
  async drained(end = Infinity) {
    await new Promise((resolve) => setImmediate(resolve));
    const waits = () => [...this.sockets].some((socket) => socket.bufferedAmount > IN_FLIGHT);
    while (waits() && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 2));
  }

  /** @type {Answer} */
  #serve(request, response) {
    const { url = "", method, headers } = request;
    if (this.requests.push({ url, headers }) > 100) this.requests.shift();
    response.on("error", () => {});
    if (method === "OPTIONS") {
      response.writeHead(204, CORS).end();
      return;
    }
    for (const [name, value] of Object.entries(CORS)) response.setHeader(name, value);
    if (this.answer) return this.answer(request, response);
    const job = this.jobs.get(decodeURIComponent(url.split(/[/?]/)[2] ?? ""));
    response.writeHead(job ? 200 : 404, { "Content-Type": "application/json" });
    response.end(JSON.stringify(job ?? { detail: "There is no such job." }));
  }

  /** @param {import("ws").WebSocket} socket */
  #accept(socket) {
    socket.on("error", () => {});
    socket.on("close", () => this.sockets.delete(socket));
    const join = () => {
      this.sockets.add(socket);
      this.greet?.(socket);
    };
    if (this.protocol !== "socket.io") return join();
    socket.send(`0${JSON.stringify(HANDSHAKE)}`);
    socket.on("message", (data) => {
      const text = data.toString();
      if (text === "2probe" || text === "2") socket.send(`3${text.slice(1)}`);
      if (!text.startsWith("40")) return;
      socket.send('40{"sid":"hostile"}');
      join();
    });
  }
}

/** Writes a body piece by piece as fast as it is taken, until there is enough or nobody reads. @param {HostileServer} server @param {import("node:http").ServerResponse} response @param {{ first?: string, bytes: number }} body */
export function pour(server, response, { first = "", bytes }) {
  const piece = Buffer.alloc(1 << 16, 0x20);
  let left = bytes;
  let isOpen = true;
  response.on("close", () => (isOpen = false));
  response.writeHead(200, { "Content-Type": "application/json" });
  response.write(first);
  const more = () => {
    while (isOpen && left > 0) {
      left -= piece.length;
      server.bytesSent += piece.length;
      if (!response.write(piece)) {
        response.once("drain", more);
        return;
      }
    }
    if (isOpen && left <= 0) response.end("}");
  };
  more();
}
