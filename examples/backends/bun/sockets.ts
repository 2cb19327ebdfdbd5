/** The sockets: Bun's own, each subscribed to everything or to the topics it asks for. */
import type { Server, ServerWebSocket, WebSocketHandler } from "bun";

export interface SocketData {
  readonly authorized: boolean;
}

const TOPICS = ["jobs", "tracks"] as const;
/** Of sockets that have asked for none. */
const EVERYTHING = "everything";
const UNAUTHORISED = 4401;
const MAX_CLIENT_MESSAGE = 64 * 1024;
const KEPT_MESSAGES = 100;

export type Topic = (typeof TOPICS)[number];

interface Choice {
  readonly type: "subscribe" | "unsubscribe";
  readonly topics?: unknown;
}

/** Undefined where they are not what they have to be. */
function topicsOf({ topics }: Choice): readonly Topic[] | undefined {
  const isTopic = (topic: unknown): topic is Topic => TOPICS.some((known) => known === topic);
  return Array.isArray(topics) && topics.every(isTopic) ? topics : undefined;
}

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
      socket.subscribe(EVERYTHING);
    },
    message: (socket, data) => this.#receive(socket, String(data)),
    close: (socket) => void this.#sockets.delete(socket),
  };

  get size(): number {
    return this.#sockets.size;
  }

  publish(server: Server<SocketData>, topic: Topic, frame: string): void {
    server.publish(EVERYTHING, frame);
    server.publish(topic, frame);
  }

  /** To every socket, whatever it asked for. */
  sendToAll(frame: string): void {
    for (const socket of this.#sockets) socket.send(frame);
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
      } else if (message?.type === "subscribe" || message?.type === "unsubscribe") {
        this.#choose(socket, message);
      }
    } catch {
      this.counters.invalid += 1;
    }
  }

  /** Whoever chooses has chosen from everything. */
  #choose(socket: ServerWebSocket<SocketData>, message: Choice): void {
    const topics = topicsOf(message);
    if (!topics?.length) {
      const text = `${message.type} takes topics: an array of ${TOPICS.join(", ")}.`;
      socket.send(JSON.stringify({ type: "refused", data: { message: text } }));
      return;
    }
    if (socket.isSubscribed(EVERYTHING)) {
      socket.unsubscribe(EVERYTHING);
      if (message.type === "unsubscribe") for (const topic of TOPICS) socket.subscribe(topic);
    }
    for (const topic of topics) socket[message.type](topic);
  }
}
