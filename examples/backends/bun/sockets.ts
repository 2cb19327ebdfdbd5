/** The sockets: Bun's own, subscribed to one topic. */
import type { Server, ServerWebSocket, WebSocketHandler } from "bun";

export interface SocketData {
  readonly authorized: boolean;
}

const TOPIC = "job_status";
const UNAUTHORISED = 4401;
const MAX_CLIENT_MESSAGE = 64 * 1024;
const KEPT_MESSAGES = 100;

export class Sockets {
  /** The last messages of clients. */
  received: unknown[] = [];
  readonly counters = { handshakes: 0, invalid: 0 };
  readonly #sockets = new Set<ServerWebSocket<SocketData>>();

  readonly handler: WebSocketHandler<SocketData> = {
    maxPayloadLength: MAX_CLIENT_MESSAGE,
    // A client that reads too slowly is to notice: otherwise messages would be left out in silence.
    closeOnBackpressureLimit: true,
    open: (socket) => {
      this.counters.handshakes += 1;
      if (!socket.data.authorized) {
        socket.close(UNAUTHORISED, "The token is missing or not accepted.");
        return;
      }
      this.#sockets.add(socket);
      socket.subscribe(TOPIC);
    },
    message: (socket, data) => this.#receive(socket, String(data)),
    close: (socket) => void this.#sockets.delete(socket),
  };

  get size(): number {
    return this.#sockets.size;
  }

  publish(server: Server<SocketData>, frame: string): void {
    server.publish(TOPIC, frame);
  }

  /** Destroys the TCP connection of every socket, as a failing network would. */
  cut(): number {
    const count = this.#sockets.size;
    for (const socket of this.#sockets) socket.terminate();
    return count;
  }

  #receive(socket: ServerWebSocket<SocketData>, data: string): void {
    try {
      const message = JSON.parse(data);
      this.received = [...this.received, message].slice(-KEPT_MESSAGES);
      if (message?.type === "ping") {
        socket.send(JSON.stringify({ type: "pong", timestamp: new Date().toISOString() }));
      }
    } catch {
      this.counters.invalid += 1;
    }
  }
}
