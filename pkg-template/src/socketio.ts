/** What of the facade only Socket.IO needs. It is loaded with the core, and given what it works with. */
import type { createChannels } from "./channels.js";
import type { Tools } from "./client.js";
import { Post } from "./messages.js";
import type { LogWords, Words } from "./problems.js";
import type { JobFields, toMeta } from "./records.js";
import type * as T from "./types.js";

type Channels = ReturnType<typeof createChannels>;
type Origin = Parameters<typeof toMeta>;

/** Problems and log entries in the order of src/core/error.rs, behind those of problems.ts. */
const PROBLEMS: readonly Words[] = [
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
const FIRST_PROBLEM = 28;

const LOGS: readonly LogWords[] = [
  ["info", "transport", "Went over to WebSocket."],
  ["info", "transport", "A transport does not work; next is "],
  ["warn", "", ""],
  ["warn", "too-large", "A queued message was dropped: too large."],
];
const FIRST_LOG = 10;

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

/** Adds the words of this protocol to those that are there; again changes nothing. */
export function addWords(logs: LogWords[], problems: Words[]): void {
  logs.splice(FIRST_LOG, Infinity, ...LOGS);
  problems.splice(FIRST_PROBLEM, Infinity, ...PROBLEMS);
}

/** The presets of the protocol, in a config of docs/core-messages.md. */
function preset(config: unknown[]): void {
  config[0] = String(config[0] ?? "/socket.io").replace(/\/+$/, "");
  // Jobs are read over HTTP only where an address is given.
  config[2] ??= config[1] ? undefined : 0;
  config[6] ??= 5000;
  config[10] ??= 3;
  config[25] = 2;
}

/** Has a client speak Socket.IO: changes its config, and adds words, calls and records of docs/core-messages.md. */
export function equip(
  home: string,
  config: unknown[],
  calls: ((n: number, value: never) => void)[],
  records: ((...values: never[]) => void)[],
  rooms: Channels["rooms"],
  say: Channels["say"],
  ask: <R>(message: Post.Reply, text: undefined, m: number, data?: string) => Promise<R>,
  deliver: (event: string, payload: unknown, meta: T.EventMeta, channel?: string, name?: string) => void,
  isClosed: () => boolean,
  /** Who waits for an answer. */
  answer: (rid: number) => { resolve(value: unknown): void } | undefined,
  ...[logs, problems, toKnownPayload, toOtherPayload, given, problem, toJob, toMeta, toStatus]: Tools
): void {
  /** What has come before the record that it belongs to, by number. */
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
    (name: string, number: number): NonNullable<T.EventMeta["reply"]> =>
    (data, { spread } = {}) => {
      const room = rooms.get(name);
      return isClosed() || !room
        ? Promise.resolve("dropped")
        : say(room, data, spread, (json) => ask(Post.Reply, undefined, number, json));
    };

  function hear(name: string, values: unknown[], ...rest: [...Origin, number, number[], number]): void {
    const [seq, at, source, jobId, invalid, reply, ids, isKnown] = rest;
    const [, channel = home, event = name] = /^(\/[^,]*),(.*)/s.exec(name) ?? [];
    const args = filled(isKnown ? toKnownPayload(values) : toOtherPayload(event, values, !!invalid), ids);
    const meta: T.EventMeta = {
      ...toMeta(seq, at, source, jobId, invalid),
      channel,
      args,
      ...(reply && { reply: replyTo(channel, reply) }),
    };
    deliver(event, payloadOf(args), meta, channel, name);
  }

  /** The end of a job that a read found, as the server's own event would have told it; else as elsewhere. */
  const hearOwn = records[7];
  function hearEnd(event: string, values: never[], ...origin: Origin): void {
    if (!/^job_/.test(event)) return hearOwn?.(...([event, values, ...origin] as never[]));
    const job = toJob(...(values as unknown as JobFields));
    const { message: statusMessage, error } = job;
    deliver(event, given({ ...job, statusMessage, error: error?.message }), toMeta(...origin), home, event);
  }

  function told(
    name: string,
    ...now: [...Parameters<typeof toStatus>, ...said: [message?: string | null, data?: unknown]]
  ): void {
    const [state, attempt, everConnected, nextRetryAt, lastMessageAt, number, carrier, message, data] = now;
    let status = toStatus(state, attempt, everConnected, nextRetryAt, lastMessageAt, 0, carrier);
    if (number) {
      const cause = given({ message, data });
      const error = problem(number, message ?? "", Object.keys(cause).length ? cause : undefined);
      status = { ...status, error };
    }
    const isOver = /idle|closed/.test(status.state);
    // The core may open one that was left and forgotten meanwhile.
    const room = isOver ? rooms.get(name) : rooms.enter(name);
    room?.status.set(status);
    // Its last user has gone, and the core has let it go.
    if (isOver && !room?.users.size) rooms.delete(name);
  }

  preset(config);
  addWords(logs, problems);
  calls[5] = (id, bytes) => attachments.set(id, bytes);
  records[2] = (...now: Parameters<typeof toStatus>) => told(home, ...now);
  records[7] = hearEnd;
  records[8] = told;
  records[9] = hear;
  records[10] = (rid: number, args: unknown[], ids: number[]) =>
    answer(rid)?.resolve(payloadOf(filled(args, ids)));
}
