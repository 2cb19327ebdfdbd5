/** What of the facade only Socket.IO needs. It is loaded with the core. */
import type { Adapter, Surroundings } from "./adapter.js";
import { Post, Rec } from "../wire/messages.js";
import type { LogWords, ProblemWords, Words } from "../wire/problems.js";
import type { EventFields, Origin, StatusFields } from "../wire/records.js";
import type { EventMeta } from "../types.js";

/** The protocol's number in the config, and that of `tokenIn: "auth"`. */
const SOCKET_IO = 2;
const AUTH = 3;
const MAX_DELAY = 5000;

/** Problems and log entries in the order of src/core/io/error.rs, behind those of problems.ts. */
const problems: readonly ProblemWords[] = [
  [
    "protocol",
    0,
    "The server speaks an older Socket.IO.",
    "Bring the server to Socket.IO 3 or later (python-socketio 5, Flask-SocketIO 5).",
  ],
  [
    "protocol",
    1,
    "This is no Socket.IO server: %",
    "Check the `url` and the `path`; if `failed`, call connect().",
  ],
  ["handshake", 0, "The server refused the channel: %", "Check the namespace, then call connect()."],
  ["auth", 0, "The server refused the channel: %", "Check what `token` returns, then call connect()."],
  ["network", 0, "The server closed the channel.", "Call connect() to join again."],
  ["timeout", 1, "The server did not answer the request in time.", "Try again later."],
  ["network", 1, "The connection was lost before the answer.", "Try again, if it may be done twice."],
  [
    "handshake",
    1,
    "None of the `transports` works: %",
    "Check the server and proxies; if `failed`, call connect().",
  ],
  ["protocol", 1, "The server broke the protocol: %", "Check the server; if `failed`, call connect()."],
  [
    "validation",
    0,
    "The message is larger than what the server takes.",
    "Send less, or raise `maxHttpBufferSize` (Python: `max_http_buffer_size`).",
  ],
  [
    "validation",
    0,
    "The event's name is reserved, or its data nested too deep.",
    "Use another name or data.",
  ],
];
const logs: readonly LogWords[] = [
  ["info", "transport", "Went over to WebSocket."],
  ["info", "transport", "A transport does not work; next is "],
  ["warn", "", ""],
  ["warn", "too-large", "A queued message was dropped: too large."],
];

export const words: Words = { problems, logs };

/** Puts attachments where their placeholders are, of which the core has seen to the numbers. */
function fill(value: unknown, parts: readonly unknown[]): unknown {
  if (!value || typeof value !== "object") return value;
  const object = value as Record<string, unknown>;
  if (object["_placeholder"] === true) return parts[object["num"] as number];
  for (const name in object) object[name] = fill(object[name], parts);
  return object;
}

/** The argument of an event or an answer, or the list of several. */
const payloadOf = (args: unknown[]) => (args.length > 1 ? args : args[0]);

type SocketIoEvent = [...EventFields<unknown[]>, reply: number, attachments: number[], isKnown: number];

export function createAdapter({
  config,
  home,
  rooms,
  say,
  ask,
  answer,
  deliver,
  isOver,
  problem,
  toKnownPayload,
  toMeta,
  toOtherPayload,
  toStatus,
}: Surroundings): Adapter {
  /** Those that have come before the record that they belong to, by number. */
  const attachments = new Map<number, ArrayBuffer>();

  function filled(args: unknown, ids: readonly number[]): unknown[] {
    const parts = ids.map((id) => {
      const bytes = attachments.get(id);
      attachments.delete(id);
      return bytes;
    });
    return (ids.length ? fill(args, parts) : args) as unknown[];
  }

  const replyTo =
    (name: string, number: number): NonNullable<EventMeta["reply"]> =>
    (data, { spread } = {}) => {
      const room = rooms.get(name);
      return isOver() || !room
        ? Promise.resolve("dropped")
        : say(room, data, spread, (json) => ask(Post.Reply, undefined, number, json));
    };

  function readEvent([name, values, ...rest]: SocketIoEvent): void {
    const [, , , , invalid, reply, ids, isKnown] = rest;
    const [, channel = home, event = name] = /^(\/[^,]*),(.*)/s.exec(name) ?? [];
    const args = filled(isKnown ? toKnownPayload(values) : toOtherPayload(event, values, !!invalid), ids);
    const meta: EventMeta = {
      ...toMeta(rest as unknown as Origin),
      channel,
      args,
      ...(reply && { reply: replyTo(channel, reply) }),
    };
    deliver(event, payloadOf(args), meta, { channel, name });
  }

  function readStatus([name, ...fields]: [name: string, ...StatusFields]): void {
    const status = toStatus(fields, problem);
    const isClosed = /idle|closed/.test(status.state);
    // The core may open one that was left and forgotten meanwhile.
    const room = isClosed ? rooms.get(name) : rooms.enter(name);
    room?.status.set(status);
    // Its last user has gone, and the core has let it go.
    if (isClosed && !room?.users.size) rooms.delete(name);
  }

  const { path = "/socket.io", pollingUrl, interval, maxDelay = MAX_DELAY, tokenIn = AUTH } = config;
  return {
    config: {
      ...config,
      path: String(path).replace(/\/+$/, ""),
      // Jobs are read over HTTP only where an address is given.
      interval: interval ?? (pollingUrl ? undefined : 0),
      maxDelay,
      tokenIn,
      protocol: SOCKET_IO,
    },
    readers: {
      [Rec.Status]: (fields: StatusFields) => readStatus([home, ...fields]),
      [Rec.Channel]: readStatus,
      [Rec.SocketIo]: readEvent,
      [Rec.Acknowledgement]: ([rid, args, ids]: [number, unknown[], number[]]) =>
        answer(rid)?.resolve(payloadOf(filled(args, ids)) as never),
    },
    attach: (id, bytes) => attachments.set(id, bytes),
    endOf: (job) => ({ ...job, statusMessage: job.message, error: job.error?.message }),
  };
}
