/** A core that records what it is told, by name, and says what the test wants. */
import type { Sink } from "../../../pkg-template/src/wire/messages.js";

export type Message = [message: string, ...args: unknown[]];

/** Messages by number (docs/core-messages.md), and the order in which tests see their arguments. */
const POSTS: [name: string, ...places: ("n" | "text" | "m" | "data" | "supersede")[]][] = [
  ["follow", "text"],
  ["unfollow", "text"],
  ["listen", "text", "n"],
  ["watchAll", "n"],
  ["connect", "n"],
  ["disconnect"],
  ["shutdown"],
  ["retry", "text"],
  ["refresh", "n", "text"],
  ["send", "n", "text", "data", "supersede", "m"],
  ["sendVolatile", "n", "text", "data", "supersede", "m"],
  ["wake", "n"],
  ["suspend"],
  ["hidden", "n"],
  ["take"],
  ["token", "n", "text"],
  ["tokenFailed", "n", "text"],
  ["headers", "n", "text"],
  ["inspect", "n"],
  ["audit", "n"],
  ["channel", "text", "n"],
  ["request", "n", "text", "data", "m"],
  ["reply", "n", "m", "data"],
  ["attach"],
  ["watchEntities", "text", "n"],
];

const ATTACH = 23;
const PING = 25;

const PLACES = (
  "path pollingUrl interval reconnectOff attempts baseDelay maxDelay jitter minUptime token tokenIn headers " +
  "heartbeatInterval timeout maxSockets linger maxItems maxBytes maxAge history onInvalid perSecond burst event data protocol namespace transports " +
  "mapFields mapEvents intervals"
).split(" ");

const CALLS = ["dirty", "batch", "token", "headers", "reply", "attachment", "alive", "resource"];
const STATES = ["idle", "connecting", "open", "waiting", "polling", "suspended", "failed", "closed"];
const STATUSES = ["unknown", "queued", "running", "completed", "failed", "cancelled"];
const SOURCES = ["socket", "polling"];

type Named = Record<string, never>;

/** The config's values by name, and `urls`; what is left to the core is left out. */
export function fromConfig(json: string): Record<string, unknown> {
  const values = JSON.parse(json) as unknown[];
  const config: Record<string, unknown> = { urls: values.slice(PLACES.length) };
  PLACES.forEach((place, at) => {
    if (values[at] !== null) config[place] = values[at];
  });
  return config;
}

function toJob({
  id,
  status,
  progress,
  attempt,
  updatedAt,
  source,
  stale,
  etaMs,
  durationSeconds,
  ...more
}: Named) {
  const { stage, message, resultUrl } = more as Named;
  const { error, counts } = more as { error?: Named; counts?: Named };
  return [
    id,
    STATUSES.indexOf(status as never),
    progress,
    attempt,
    updatedAt,
    SOURCES.indexOf(source as never),
    +(stale as never),
    etaMs,
    durationSeconds,
    ...[stage, message, resultUrl],
    ...(error ? [error["message"], +(error["retryable"] as never), error["stage"]] : []),
    ...(counts && !error ? [null, null, null] : []),
    ...(counts ? [counts["total"], counts["processed"], counts["succeeded"], counts["failed"]] : []),
  ];
}

function toStatus({ state, attempt, everConnected, nextRetryAt, lastMessageAt, ...more }: Named) {
  const { problem, isPolling, said, data } = more as Named;
  return [
    ...[STATES.indexOf(state as never), attempt ?? 0, +(everConnected ?? false), nextRetryAt, lastMessageAt],
    ...[problem ?? 0, isPolling ?? 0, said, data],
  ];
}

/** A record given by name and with named members, as the core writes it. */
function toRecord([kind, a, b, c]: [string, never, never, never]): unknown[] {
  const members = (value: unknown) => value as Named;
  switch (kind) {
    case "job":
      return [0, ...toJob(members(a))];
    case "entity": {
      const {
        kind: what,
        id,
        status,
        previousStatus,
        updatedAt = 1,
        source = "socket",
        data = {},
      } = members(a);
      return [11, what, id, status, previousStatus, updatedAt, SOURCES.indexOf(source), data];
    }
    case "server event": {
      const { seq, at, source, jobId } = members(c);
      return [6, a, b, seq, at, SOURCES.indexOf(source as never), jobId, null];
    }
    case "event": {
      const { seq, at, source, jobId, invalid } = members(c);
      return [1, a, b, seq, at, SOURCES.indexOf(source as never), jobId, invalid];
    }
    case "own event":
      return [7, a, b, 1, 1, 0, c];
    case "status":
      return [2, ...toStatus(members(a))];
    case "channel status":
      return [8, a, ...toStatus(members(b))];
    case "socket.io event": {
      const { seq, at, source, reply, ids, known } = members(c);
      const origin = [seq, at, SOURCES.indexOf(source as never), null, null];
      return [9, a, b, ...origin, reply ?? 0, ids ?? [], known ?? 0];
    }
    case "acknowledgement":
      return [10, a, b, c ?? []];
    case "log": {
      const { what, at = 1, hushed = 0, problem = 0, detail = "", jobId } = members(a) as Named;
      return [3, what, at, hushed, problem, detail, jobId];
    }
    case "answer":
      return [4, a, ...(Array.isArray(b) ? b : [b])];
    case "job answer":
      return [4, a, toJob(members(b))];
    default:
      return [5, a, b, c];
  }
}

/** Records as the core hands them over. */
export const toBatch = (...records: unknown[]): string =>
  records.map((record) => JSON.stringify(toRecord(record as never))).join(",");

export class FakeCore {
  readonly messages: Message[] = [];
  readonly config: Record<string, unknown>;
  readonly #sink: (kind: number, n: number, value?: unknown) => void;
  #waiting: unknown[] = [];
  /** What it throws from now on, whatever it is told. */
  fault: Error | undefined;
  /** Trapped in a handler or a timer: it answers nothing any more. */
  trapped = false;
  /** How often it was asked whether it works. */
  pings = 0;
  /** How often the page let go of it. */
  freed = 0;

  constructor(config: string, sink: Sink) {
    this.config = fromConfig(config);
    this.#sink = sink as (kind: number, n: number, value?: unknown) => void;
  }

  hear(
    number: number,
    given: { n: number; text?: string; m: number; data?: string; supersede?: string },
  ): void {
    const [name, ...places] = POSTS[number] ?? ["(no such message)"];
    if (this.trapped) return;
    this.messages.push([name, ...places.map((place) => given[place])]);
    if (name !== "take" || !this.#waiting.length) return;
    const records = this.#waiting.splice(0);
    queueMicrotask(() => this.urgent(...records));
  }

  ping(): void {
    this.pings++;
    if (!this.trapped) queueMicrotask(() => this.sink("alive"));
  }

  /** Messages of these names, in order. */
  heard(...names: string[]): Message[] {
    return this.messages.filter(([name]) => names.includes(name));
  }

  /** A call of the sink, by name. */
  sink(kind: string, n = 0, value?: unknown): void {
    this.#sink(CALLS.indexOf(kind), n, value);
  }

  /** Records that wait for the next frame. */
  push(...records: unknown[]): void {
    if (!this.#waiting.length) queueMicrotask(() => this.sink("dirty"));
    this.#waiting.push(...records);
  }

  /** Records that may not wait. */
  urgent(...records: unknown[]): void {
    this.sink("batch", 0, toBatch(...records));
  }

  /** Answers the last message of this name with a value (an array: with each), or with a problem's number. */
  reply(name: string, ok: boolean, value: unknown = null, detail = ""): void {
    const rid = this.#rid(name);
    this.urgent(ok ? ["answer", rid, value] : ["refusal", rid, value, detail]);
  }

  /** Acknowledges the last request. */
  acknowledge(args: unknown[], ids: number[] = []): void {
    this.urgent(["acknowledgement", this.#rid("request"), args, ids]);
  }

  replyJob(name: string, job: unknown): void {
    this.urgent(["job answer", this.#rid(name), job]);
  }

  #rid(name: string): unknown {
    const last = this.heard(name).at(-1);
    if (!last) throw new Error(`no message ${name}`);
    return last[1];
  }
}

export const made: FakeCore[] = [];
export const control: {
  failure: Error | undefined;
  /** What the next cores throw when they are made. */
  constructing: Error | undefined;
  /** How many wasm instances there have been. */
  loads: number;
} = { failure: undefined, constructing: undefined, loads: 0 };

export default async function load(): Promise<typeof JobsClient> {
  if (control.failure) throw control.failure;
  control.loads++;
  return JobsClient;
}

class JobsClient {
  readonly #core: FakeCore;

  constructor(config: string, _seed: number, sink: Sink) {
    if (control.constructing) throw control.constructing;
    made.push((this.#core = new FakeCore(config, sink)));
  }

  free(): void {
    this.#core.freed++;
  }

  post(message: number, n: number, text?: string, m = -1, data?: string, supersede?: string): void {
    if (this.#core.freed) throw new Error("null pointer passed to rust");
    if (this.#core.fault) throw this.#core.fault;
    if (message === PING) return this.#core.ping();
    if (message === ATTACH) {
      this.#core.messages.push(["attach", [...new Uint8Array(n as unknown as ArrayBuffer)]]);
      return;
    }
    this.#core.hear(message, {
      n,
      m,
      ...(text !== undefined && { text }),
      ...(data !== undefined && { data }),
      ...(supersede !== undefined && { supersede }),
    });
  }
}
