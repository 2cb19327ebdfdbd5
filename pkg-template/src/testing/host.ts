/** What test servers have in common whose jobs can be read over HTTP: who is connected, who is let in, how it ends. */
import { install } from "./socket.js";
import type { Peer } from "./socket.js";

/** What every such server can be told and asked. */
export interface TestControls {
  /** How many sockets are open. */
  readonly sockets: number;
  /** What clients sent over sockets, parsed where it is JSON. */
  readonly received: readonly unknown[];
  /** Cuts every socket without a goodbye. */
  cut(): void;
  /** Closes every socket with this code. */
  close(code: number, reason?: string): void;
  /** Whether new sockets and HTTP reads fail as on a network that is down. */
  refuse(on?: boolean): void;
  /** Tokens that are accepted; others are told 401, or closed with 4401. */
  accept(...tokens: string[]): void;
  /** Takes the server away and puts the globals back. */
  dispose(): void;
  [Symbol.dispose](): void;
}

interface Behaviour<Connection extends Peer> {
  name: string;
  /** Nothing: there is no socket at this address. */
  connect(url: URL, peer: Peer): Connection | undefined;
  /** One that was let in. */
  greet?(connection: Connection): void;
  /** For those whose token is accepted. */
  respond(url: URL, method: string, headers: Headers): Response;
  /** What the others are told. */
  unauthorised: object;
}

export const json = (body: object, status: number, headers = {}) =>
  new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json", ...headers },
  });

function parsed(data: unknown): unknown {
  try {
    return JSON.parse(String(data));
  } catch {
    // Kept as it came.
    return data;
  }
}

/** A server in the globals, until it is disposed of; and the connections that it has. */
export function createHost<Connection extends Peer>(behaviour: Behaviour<Connection>) {
  const { name, connect, greet, respond, unauthorised } = behaviour;
  const open = new Set<Connection>();
  const received: unknown[] = [];
  let isRefusing = false;
  let tokens: readonly string[] | undefined;

  const isRefused = (token: string | null | undefined) => tokens && !tokens.includes(token ?? "");
  const endAll = (code: number, reason: string, wasClean: boolean) => {
    for (const connection of [...open]) connection.end(code, reason, wasClean);
  };
  const uninstall = install({
    name,
    accept(url, peer) {
      const connection = isRefusing ? undefined : connect(url, peer);
      return (
        connection && {
          opened() {
            open.add(connection);
            if (isRefused(url.searchParams.get("token"))) connection.end(4401, "unauthorised");
            else greet?.(connection);
          },
          message: (data) => void received.push(parsed(data)),
          closed: () => void open.delete(connection),
        }
      );
    },
    respond(url, method, headers) {
      if (isRefusing) throw new TypeError("the test server refuses");
      const token = headers.get("authorization")?.replace(/^Bearer /, "") ?? url.searchParams.get("token");
      return isRefused(token) ? json(unauthorised, 401) : respond(url, method, headers);
    },
  });
  const dispose = () => {
    endAll(1001, "the test is over", true);
    uninstall();
  };

  const controls: TestControls = {
    get sockets() {
      return open.size;
    },
    received,
    cut: () => endAll(1006, "", false),
    close: (code, reason = "") => endAll(code, reason, true),
    refuse(on = true) {
      isRefusing = on;
    },
    accept(...accepted) {
      tokens = accepted;
    },
    dispose,
    [Symbol.dispose]: dispose,
  };
  return {
    controls,
    /** Sends text as it is, anything else as JSON, to those who are meant. */
    send(message: string | object, isMeant: (connection: Connection) => boolean = () => true) {
      const text = typeof message === "string" ? message : JSON.stringify(message);
      for (const connection of [...open]) if (isMeant(connection)) connection.send(text);
    },
    /** Closes those who are meant, in peace. */
    finish(isMeant: (connection: Connection) => boolean) {
      for (const connection of [...open]) if (isMeant(connection)) connection.end(1000);
    },
  };
}
