/** Karaoke jobs over HTTP and Socket.IO, as one part of the server. */
import { Server } from "socket.io";
import { callerOf } from "../access.mjs";
import { sendJson } from "../responses.mjs";
import { karaokeRoutes } from "./api.mjs";
import { announcer, registerEvents } from "./events.mjs";
import { KaraokeJobs } from "./jobs.mjs";
import { Performance } from "./performance.mjs";
import { isSocketIo, PATH, Transports } from "./transports.mjs";

/** Sessions of Socket.IO at the same time: one that nobody polls lasts until its ping times out. */
const MAX_SESSIONS = 5_000;

/** How long a client that lost its connection gets what it missed. */
const RECOVERABLE_MS = 2 * 60 * 1000;

export class Karaoke {
  #io;
  #jobs;
  #transports = new Transports();
  routes;
  /** @type {import("../http.mjs").Route[]} */
  controlRoutes = [
    {
      method: "POST",
      path: "/api/_control/cut",
      handle: ({ response }) => sendJson(response, 200, { closed: this.#transports.cut() }),
    },
  ];

  /**
   * @param {import("../upload.mjs").UploadFolder} uploads
   * @param {import("../config.mjs").Config} config
   * @param {import("../access.mjs").Access} access
   */
  constructor(uploads, config, access) {
    this.#io = new Server({
      path: PATH,
      serveClient: false,
      // Other upgrades are for the WebSocket routes.
      destroyUpgrade: false,
      cors: { origin: (origin, decide) => decide(null, access.allowsOrigin(origin ?? "")) },
      allowRequest: (request, decide) => {
        const refusal = access.refusal(callerOf(request)) ?? this.#tooMany(request);
        decide(refusal, refusal === undefined);
      },
      pingInterval: config.pingIntervalMs,
      pingTimeout: config.pingTimeoutMs,
      // A token may have expired in the meantime, so that it is asked for again.
      connectionStateRecovery: { maxDisconnectionDuration: RECOVERABLE_MS, skipMiddlewares: false },
    });
    this.#jobs = new KaraokeJobs(config, uploads, announcer(this.#io));
    registerEvents(this.#io, config.tokens, this.#jobs, new Performance());
    this.routes = karaokeRoutes(this.#jobs, uploads);
  }

  /**
   * Listens to the requests and handshakes that a server emits.
   * @param {import("node:http").Server} server
   */
  attach(server) {
    this.#io.attach(server);
    this.#transports.watch(server, this.#io.engine);
  }

  /** @param {import("node:http").IncomingMessage} request */
  serves(request) {
    return isSocketIo(request);
  }

  closeSockets() {
    this.#io.engine.close();
  }

  /** Why a new session is refused, if it is. @param {import("node:http").IncomingMessage} request */
  #tooMany(request) {
    const isNew = !/[?&]sid=/.test(request.url ?? "");
    return isNew && this.#io.engine.clientsCount >= MAX_SESSIONS ? "The server is full." : undefined;
  }

  close() {
    return this.#jobs.close();
  }
}
