/**
 * A Socket.IO server inside the process, for tests of apps: over WebSocket, with namespaces, acknowledgements both ways
 * and binary data. It answers the sockets of its own address only. Clients with `worker: true` are out of its reach.
 */
import type { JobsClientOptions } from "../index.js";
import { install } from "./socket.js";
import type { Peer, Session } from "./socket.js";

const HOST = "socketio.jobwire.test";
/** Long enough for a test that lets time pass; heartbeat() sends one. */
const PING_INTERVAL = 86_400_000;

/** What a client said. */
export interface SocketIoMessage {
  namespace: string;
  event: string;
  args: unknown[];
}

export interface SocketIoServer {
  /** To spread into the options of a client. */
  readonly options: Pick<JobsClientOptions, "protocol" | "transports"> & { url: string };
  /** How many sockets are open. */
  readonly sockets: number;
  /** What clients sent, oldest first. */
  readonly received: readonly SocketIoMessage[];
  /** The tokens with which clients are in a namespace, `undefined` for one without. */
  members(namespace?: string): readonly unknown[];
  /**
   * Hears an event of the clients; what the handler returns, or resolves with, is the acknowledgement where one is
   * awaited. Returns its undo.
   */
  on(event: string, handler: (...args: never[]) => unknown, namespace?: string): () => void;
  /** Tells everybody in the namespace. */
  emit(event: string, args?: readonly unknown[], namespace?: string): void;
  /**
   * Tells everybody in the namespace, and resolves with the arguments of the first acknowledgement. Rejects where nobody
   * is in it, and with dispose().
   */
  request(event: string, args?: readonly unknown[], namespace?: string): Promise<unknown[]>;
  /** Refuses a namespace from now on with these words, and puts out who is in it; `null`: lets clients in again. */
  refuse(namespace: string, message: string | null, data?: unknown): void;
  /** Tokens that are let in, in the `auth` or the query; with others a namespace is refused as `unauthorized`. */
  accept(...tokens: string[]): void;
  heartbeat(): void;
  /** Cuts every socket without a goodbye. */
  cut(): void;
  /** Whether new sockets fail as on a network that is down. */
  down(on?: boolean): void;
  /** Takes the server away and puts the globals back. */
  dispose(): void;
  [Symbol.dispose](): void;
}

interface Member extends Peer {
  /** The namespaces it is in, and its token there. */
  joined: Map<string, unknown>;
  /** The token of its address. */
  token: string | undefined;
  /** A message whose attachments have yet to come. */
  partial?: { left: number; parts: unknown[]; done: (parts: unknown[]) => void } | undefined;
}

const isBytes = (value: unknown): value is ArrayBuffer | ArrayBufferView =>
  ArrayBuffer.isView(value) || Object.prototype.toString.call(value) === "[object ArrayBuffer]";

const CONNECT = 0;
const EVENT = 2;
const ACKNOWLEDGEMENT = 3;
const CONNECT_ERROR = 4;

interface Packet {
  type: number;
  namespace: string;
  /** The number of an acknowledgement. */
  id?: number | undefined;
  args: unknown;
}

/** The text of a packet, and its attachments. */
function encode({ type, namespace, id, args }: Packet): [string, ...ArrayBuffer[]] {
  const parts: ArrayBuffer[] = [];
  const json = JSON.stringify(args, (_, value: unknown) => {
    if (!isBytes(value)) return value;
    const { buffer = value as ArrayBuffer, byteOffset, byteLength } = value as ArrayBufferView;
    parts.push(new Uint8Array(buffer, byteOffset, byteLength).slice().buffer);
    return { _placeholder: true, num: parts.length - 1 };
  });
  const kind = parts.length ? `${type + 3}${parts.length}-` : type;
  const place = namespace === "/" ? "" : `${namespace},`;
  return [`4${kind}${place}${id ?? ""}${json}`, ...parts];
}

const PACKET = /^4([0-6])(?:(\d+)-)?(?:(\/[^,]*),?)?(\d*)(.*)$/s;

export function createSocketIoServer(): SocketIoServer {
  const members = new Set<Member>();
  const received: SocketIoMessage[] = [];
  const handlers = new Map<string, Set<(...args: never[]) => unknown>>();
  const refusals = new Map<string, object>();
  const awaited = new Map<number, { resolve: (args: unknown[]) => void; reject: (error: Error) => void }>();
  let tokens: readonly string[] | undefined;
  let isDown = false;
  let lastId = 0;
  let lastSid = 0;

  const send = (to: Peer, packet: Packet) => {
    for (const frame of encode(packet)) to.send(frame);
  };
  const broadcast = (namespace: string, id: number | undefined, args: unknown[]) => {
    for (const member of [...members])
      if (member.joined.has(namespace)) send(member, { type: EVENT, namespace, id, args });
  };

  const answer = (id: number) => {
    const waiting = awaited.get(id);
    awaited.delete(id);
    return waiting;
  };

  function join(member: Member, namespace: string, auth: string): void {
    const { token = member.token } = JSON.parse(auth || "{}") as { token?: string };
    const isUnknown = tokens && !tokens.includes(token ?? "");
    const refusal = refusals.get(namespace) ?? (isUnknown && { message: "unauthorized" });
    if (refusal) return send(member, { type: CONNECT_ERROR, namespace, args: refusal });
    member.joined.set(namespace, token);
    send(member, { type: CONNECT, namespace, args: { sid: `test-${++lastSid}` } });
  }

  async function hear(
    member: Member,
    namespace: string,
    id: string,
    [event, ...args]: unknown[],
  ): Promise<void> {
    received.push({ namespace, event: String(event), args });
    const calls = [...(handlers.get(`${namespace},${event}`) ?? [])];
    const [answer] = await Promise.all(calls.map((call) => call(...(args as never[]))));
    if (!id || !calls.length) return;
    const type = ACKNOWLEDGEMENT;
    send(member, { type, namespace, id: Number(id), args: answer === undefined ? [] : [answer] });
  }

  function packet(member: Member, text: string): void {
    const [, type, attachments, namespace = "/", id = "", json = ""] = PACKET.exec(text) ?? [];
    if (type === "0") return join(member, namespace, json);
    if (type === "1") return void member.joined.delete(namespace);
    const done = (parts: unknown[]) => {
      const args = JSON.parse(json, (_, value: { _placeholder?: boolean; num: number } | null) =>
        value?._placeholder ? parts[value.num] : value,
      ) as unknown[];
      if (type === "2" || type === "5") void hear(member, namespace, id, args);
      else answer(Number(id))?.resolve(args);
    };
    if (!attachments) return done([]);
    member.partial = { left: Number(attachments), parts: [], done };
  }

  function accept(url: URL, peer: Peer): Session | undefined {
    if (isDown || url.searchParams.get("transport") !== "websocket") return undefined;
    const token = url.searchParams.get("token") ?? undefined;
    const member: Member = { ...peer, joined: new Map(), token };
    return {
      opened() {
        members.add(member);
        const limits = { pingInterval: PING_INTERVAL, pingTimeout: 20_000, maxPayload: 1_000_000 };
        peer.send(`0${JSON.stringify({ sid: `test-${++lastSid}`, upgrades: [], ...limits })}`);
      },
      message(data) {
        const { partial } = member;
        if (typeof data === "string") {
          if (data.startsWith("4")) packet(member, data);
        } else if (partial) {
          partial.parts.push(data);
          if (partial.parts.length < partial.left) return;
          member.partial = undefined;
          partial.done(partial.parts);
        }
      },
      closed: () => members.delete(member),
    };
  }

  const uninstall = install({
    name: HOST,
    accept,
    respond: () => new Response('{"code":0,"message":"Transport unknown"}', { status: isDown ? 503 : 400 }),
  });
  const dispose = () => {
    for (const member of [...members]) member.end(1001, "the test is over");
    for (const id of awaited.keys()) answer(id)?.reject(new Error("The server was disposed of."));
    uninstall();
  };

  return {
    options: { url: `https://${HOST}`, protocol: "socket.io", transports: ["websocket"] },
    get sockets() {
      return members.size;
    },
    received,
    members: (namespace = "/") =>
      [...members].filter(({ joined }) => joined.has(namespace)).map(({ joined }) => joined.get(namespace)),
    on(event, handler, namespace = "/") {
      const key = `${namespace},${event}`;
      const list = handlers.get(key) ?? new Set();
      handlers.set(key, list.add(handler));
      return () => list.delete(handler);
    },
    emit: (event, args = [], namespace = "/") => broadcast(namespace, undefined, [event, ...args]),
    request(event, args = [], namespace = "/") {
      const answered = new Promise<unknown[]>((resolve, reject) => {
        if (![...members].some(({ joined }) => joined.has(namespace)))
          throw new Error(`Nobody is in ${namespace} to answer "${event}".`);
        awaited.set(++lastId, { resolve, reject });
        broadcast(namespace, lastId, [event, ...args]);
      });
      // A test that does not wait for it any more needs no report of it.
      answered.catch(() => {});
      return answered;
    },
    refuse(namespace, message, data) {
      refusals.delete(namespace);
      if (message === null) return;
      refusals.set(namespace, { message, data });
      for (const member of members) {
        if (member.joined.delete(namespace)) member.send(namespace === "/" ? "41" : `41${namespace},`);
      }
    },
    accept(...accepted) {
      tokens = accepted;
    },
    heartbeat() {
      for (const member of [...members]) member.send("2");
    },
    cut() {
      for (const member of [...members]) member.end(1006, "", false);
    },
    down(on = true) {
      isDown = on;
    },
    dispose,
    [Symbol.dispose]: dispose,
  };
}
