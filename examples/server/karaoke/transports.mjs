/** The TCP connections and sessions that carry Socket.IO: they can be cut on purpose, and are bounded. */

export const PATH = "/socket.io";

/** Bytes that may wait for a client which does not take them; then its session ends. */
const MAX_BACKLOG = 8 * 1024 * 1024;

/** Ends a session whose client asks for more than it takes. @param {import("engine.io").Socket} session */
function limitBacklog(session) {
  let waiting = 0;
  session.on("packetCreate", ({ data }) => {
    waiting += data?.length ?? 0;
    if (waiting > MAX_BACKLOG) session.close(true);
  });
  // What was taken over by the transport is followed by more only when it is gone.
  session.on("flush", () => (waiting = 0));
}

/** @param {import("node:http").IncomingMessage} request */
export const isSocketIo = (request) => request.url?.startsWith(`${PATH}/`) ?? false;

export class Transports {
  /** @type {Set<import("node:stream").Duplex>} */
  #open = new Set();
  /** @type {Set<import("engine.io").Socket>} */
  #sessions = new Set();

  /**
   * @param {import("node:http").Server} server
   * @param {import("socket.io").Server["engine"]} engine
   */
  watch(server, engine) {
    server.on("request", (request, response) => {
      if (!isSocketIo(request)) return;
      this.#open.add(request.socket);
      response.on("close", () => this.#open.delete(request.socket));
    });
    server.on("upgrade", (request, socket) => {
      if (!isSocketIo(request)) return;
      this.#open.add(socket);
      socket.on("close", () => this.#open.delete(socket));
    });
    engine.on("connection", (/** @type {import("engine.io").Socket} */ session) => {
      this.#sessions.add(session);
      limitBacklog(session);
      session.on("close", () => this.#sessions.delete(session));
    });
  }

  /**
   * Breaks every transport as a failing network would, and forgets the sessions.
   * @returns {number} how many sessions there were
   */
  cut() {
    const sessions = [...this.#sessions];
    for (const socket of this.#open) socket.destroy();
    for (const session of sessions) session.close(true);
    return sessions.length;
  }
}
