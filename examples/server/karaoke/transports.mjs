/** The TCP connections that carry Socket.IO, so that they can be cut on purpose. */

export const PATH = "/socket.io";

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
