/** Karaoke jobs over HTTP and Socket.IO, as one part of the server. */
import { Server } from "socket.io";
import { callerOf } from "../access.mjs";
import { sendJson } from "../responses.mjs";
import { karaokeRoutes } from "./api.mjs";
import { announcer, registerEvents } from "./events.mjs";
import { KaraokeJobs } from "./jobs.mjs";
import { Performance } from "./performance.mjs";
import { isSocketIo, PATH, Transports } from "./transports.mjs";

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
      allowRequest(request, decide) {
        const refusal = access.refusal(callerOf(request));
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

  close() {
    return this.#jobs.close();
  }
}
