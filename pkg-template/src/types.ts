/** The public types. Times are milliseconds, progress is 0–100. Letters name the systems a rule comes from. */
import type { JobsError } from "./errors.js";
import type { JobEvents } from "./payloads.js";
import type { StandardSchemaV1 } from "./standard-schema.js";

/** `stream`: one socket a job (D, E). `broadcast`: one socket for all (A, C). `socket.io`: namespaces (B). */
export type Protocol = "stream" | "broadcast" | "socket.io";

export interface ReconnectOptions {
  /** Attempts in a row before polling takes over; `Infinity` for no end. Default 5; `broadcast`: no end. */
  attempts?: number;
  /** First delay in ms, doubled each time. Default 1000. */
  baseDelay?: number;
  /** Longest delay in ms. Default 10000; `broadcast`: 30000; `socket.io`: 5000. */
  maxDelay?: number;
  /** `full`: anywhere from 0 to the delay. A number from 0 to 1: that share of the delay is random. Default `full`. */
  jitter?: "full" | "none" | number;
  /** How long in ms a connection must hold before the delays start over. Default 5000. */
  minUptime?: number;
}

export interface HeartbeatOptions {
  /**
   * Expected time in ms between two signs of life of the server; 0: it gives none. Default 30000; `broadcast`: 0.
   * `socket.io`: the server says it.
   */
  interval?: number;
  /** How much later than that the connection counts as dead, and the limit of a handshake. Default 10000. */
  timeout?: number;
}

export interface PollingOptions {
  /** Where one job is read, `{id}` standing for it, e.g. `/api/v1/jobs/{id}`. */
  url: string;
  /** Time in ms between two reads. Default 2000; `broadcast`: 3000. */
  interval?: number;
  /** Headers of each read, asked for anew every time. Log entries, errors and `inspect()` repeat none of their values. */
  headers?: () => HeadersInit;
}

export interface PoolOptions {
  /** Most sockets open at once; further jobs wait their turn or are polled. Default 32. */
  maxSockets?: number;
  /** How long in ms a socket nobody needs stays open. Default 1000. */
  linger?: number;
}

export interface QueueOptions {
  /** Most messages that wait for a connection. Default 1000. */
  maxItems?: number;
  /** Most bytes that wait. Default 1 MiB. */
  maxBytes?: number;
  /** How long in ms a message may wait. Default 60000. */
  maxAge?: number;
}

/** Names of fields and events, for a server that differs from the presets. */
export interface EnvelopeMap {
  /** Our name of a field, wherever in a message it is, and the server's. */
  fields: Partial<
    Record<
      | "type"
      | "event"
      | "data"
      | "jobId"
      | "trackId"
      | "playlistId"
      | "importId"
      | "status"
      | "oldStatus"
      | "newStatus"
      | "progress"
      | "total"
      | "processed"
      | "succeeded"
      | "failed"
      | "stage"
      | "phase"
      | "message"
      | "error"
      | "retryable"
      | "resultUrl"
      | "durationSeconds"
      | "attempt"
      | "updates"
      | "timestamp",
      string
    >
  >;
  /** Wire name to built-in name. */
  events: Record<string, keyof JobEvents>;
}

/** Validators of app-defined events by name: of any Standard Schema library. */
export type EventSchemas = Readonly<Record<string, StandardSchemaV1>>;

/** The built-in events and those of the validators, whose payload is what the validator makes of it. */
export type EventsOf<Schemas extends EventSchemas> = {
  [K in keyof JobEvents | keyof Schemas]: K extends keyof Schemas
    ? NonNullable<Schemas[K]["~standard"]["types"]>["output"]
    : K extends keyof JobEvents
      ? JobEvents[K]
      : never;
};

/** Options from whose validators the events of the app take their types. */
export type OptionsWith<Schemas extends EventSchemas> = Omit<
  JobsClientOptions<EventsOf<Schemas>>,
  "events"
> & { events: Schemas };

export interface JobsClientOptions<Events = JobEvents> {
  /** Base of the server, http(s) or ws(s), or relative to the page; several are tried in turn, the one that works is kept. */
  url: string | URL | readonly (string | URL)[];
  protocol: Protocol;
  /** Path of the socket. `stream`: `/api/v1/jobs/{id}/stream`; `broadcast`: `/`; `socket.io`: `/socket.io`. */
  path?: string;
  /** `socket.io`: the default channel, the one of the client's own methods, e.g. `/jobs`. Default `/`. */
  namespace?: string;
  /** Sent after every connect, as by `send()`; `socket.io`: on the default channel. */
  subscribe?: string | { event: string; data?: unknown };
  /** Asked for before every connect, and once more (`refresh`) when the server refuses it. */
  token?: string | ((reason: "connect" | "refresh") => string | Promise<string>);
  /**
   * Where the token goes. Default `query`. `socket.io`: `auth`, which each channel is opened with as `{ token }`, or
   * `query`.
   */
  tokenIn?: "query" | "subprotocol" | "message" | "auth";
  reconnect?: ReconnectOptions | false;
  heartbeat?: HeartbeatOptions;
  /**
   * HTTP reads of a job: after every connect, and while no socket is to be had. `false`: never; `broadcast` and
   * `socket.io`: never unless it is given.
   */
  polling?: PollingOptions | false;
  /** `socket.io`: transports in the order they are tried. Default `["websocket", "polling"]`. */
  transports?: readonly ("websocket" | "polling")[];
  pool?: PoolOptions;
  queue?: QueueOptions;
  /** Limit of outgoing messages. Default: none. */
  rateLimit?: { perSecond: number; burst?: number };
  /** Events kept for inspection. Default 1000. */
  history?: number;
  /**
   * One connection for all tabs of the origin whose clients have the same options; one of them asks for token and
   * headers for all. A text is the user's id: tabs with another one are kept apart. `true` is for what every user may
   * see: with a `token` or `polling.headers` it is refused (`config`), and a server that knows its users by cookies needs
   * the id as well. Where tabs cannot share, each has its own connection.
   */
  shareAcrossTabs?: boolean | string;
  /** The whole client in a worker; same behaviour. Where workers are refused it runs in the page and logs so. */
  worker?: boolean;
  /** Validators of app-defined events, on every channel: any Standard Schema library. */
  events?: { [K in keyof Events]?: StandardSchemaV1<unknown, Events[K]> };
  /**
   * What happens to an event that is not valid. It is always counted, logged and offered as `invalid`; `pass` delivers
   * it all the same with `meta.invalid`, and its payload may be anything; `quarantine` keeps it for `inspect()`: in
   * `history` what is no message or has a wrong member, in `quarantine` what a validator refused. Default `drop`. With
   * `broadcast`, a validator sees of a burst what listeners would be told: the last event about each thing in a frame or
   * interval.
   */
  onInvalid?: "drop" | "pass" | "quarantine";
  /** `broadcast`: names of fields and events, where a server differs from the presets. Others refuse it (`config`). */
  map?: Partial<EnvelopeMap>;
  /**
   * `broadcast`: least time in ms between two of these events about the same thing; the last one is told when it is over.
   * Without one, known events are told once a frame, those of your own always; with 0 known ones, too, are told each, as
   * far as they are news of their job. `metric_update` has 1000 unless it is given.
   */
  intervals?: { readonly [K in keyof NoInfer<Events> & string]?: number };
  /** Receives what the client has to say. Without it the client is silent. */
  logger?: (entry: LogEntry) => void;
  /**
   * Where the wasm comes from, instead of the copy inside the package: the smallest and fastest start. A text is an
   * address, such as that of Vite's `import wasm from "jobwire/core.wasm?url"` or a CDN's. The wasm is that of the
   * protocol: `jobwire/core.wasm`, for `broadcast` `jobwire/core-broadcast.wasm`, for `socket.io`
   * `jobwire/core-socketio.wasm`, from the same build of the package: another one is refused (`wasm`).
   */
  wasm?: string | URL | Response | BufferSource | WebAssembly.Module;
}

/** A value that changes. `current` is what subscribers were last told. */
export interface Store<T> {
  readonly current: T;
  /** Calls back at once, then at most once a frame. Returns its undo. */
  subscribe(listener: (value: T) => void): () => void;
}

export type JobStatus = "unknown" | "queued" | "running" | "completed" | "failed" | "cancelled";

/** A snapshot of a job. Never changed in place: the same reference means nothing changed. */
export interface Job {
  readonly id: string;
  /** `unknown` until the server said something about it. */
  readonly status: JobStatus;
  /** 0–100; absent when it cannot be told. Never runs backwards within an attempt. */
  readonly progress?: number;
  readonly stage?: string;
  readonly message?: string;
  readonly counts?: {
    readonly total?: number;
    readonly processed: number;
    readonly succeeded?: number;
    readonly failed?: number;
  };
  /** Address of the result, as the server sent it: http(s), blob or relative to the page. It may be linked. */
  readonly resultUrl?: string;
  /**
   * What the server sent as address of the result, where it has another scheme (`javascript:`, `data:` …) or is none.
   * Show it as text. Never link it, go there or set it as a source: that may run a script of whoever wrote it.
   */
  readonly unsafeResultUrl?: string;
  readonly durationSeconds?: number;
  readonly error?: { readonly message: string; readonly retryable: boolean; readonly stage?: string };
  /** 1 for the first. */
  readonly attempt: number;
  /** Wall clock, ms since 1970; 0 while nothing is known. */
  readonly updatedAt: number;
  readonly source: "socket" | "polling" | "tab" | "restored";
  /** Whether the truth may have moved on since: no connection vouches for it. */
  readonly stale: boolean;
  /** Estimated time left in ms. */
  readonly etaMs?: number;
  /**
   * What the server sent beyond the known fields. Not set at present: the payload of the event has it, as `on()` tells
   * it.
   */
  readonly data?: unknown;
}

/**
 * One job. Handles of the same id share everything; subscribing, `done()` and iterating follow the job, and it is let
 * go `pool.linger` after the last of them ended. Before anything is known `current` is
 * `{ status: "unknown", attempt: 1, updatedAt: 0, source: "restored", stale: true }`.
 */
export interface JobHandle extends Store<Job>, AsyncIterable<Job> {
  readonly id: string;
  /**
   * Resolves with the job once it completed, failed or was cancelled, at once if it has. Rejects with the signal's
   * reason on abort, with `closed` on close.
   */
  done(options?: { signal?: AbortSignal }): Promise<Job>;
  /** Reads the job once over HTTP. */
  refresh(): Promise<Job>;
  /** Follows the new attempt of a job that failed, which the server has been asked for. */
  retry(): void;
  /** Ends everything that was started through this handle. */
  close(): void;
}

export interface JobFilter {
  status?: JobStatus | readonly JobStatus[];
  /** These jobs are followed while somebody subscribes. */
  ids?: readonly string[];
  predicate?: (job: Job) => boolean;
}

export interface ConnectionStatus {
  readonly state: "idle" | "connecting" | "open" | "waiting" | "polling" | "suspended" | "failed" | "closed";
  readonly transport?: "websocket" | "polling" | "tab";
  /** Attempts in a row that failed so far. */
  readonly attempt: number;
  /** Wall clock, ms since 1970. */
  readonly nextRetryAt?: number;
  readonly lastMessageAt?: number;
  /**
   * `stream`: time in ms from a `ping` that the app sent to the server's `pong`. With `socket.io`, time a `request()`.
   */
  readonly rttMs?: number;
  readonly everConnected: boolean;
  readonly error?: JobsError;
}

/** Something the `broadcast` protocol tells about: a job, a track, a playlist. Never changed in place. */
export interface Entity {
  readonly id: string;
  /** `job`, `track` or `playlist`. */
  readonly kind: string;
  /** In the server's words, such as `analyzed`, `failed` or `pending` of a track; that of a job is {@link Job.status}. */
  readonly status?: string;
  /** The one before. */
  readonly previousStatus?: string;
  /** Wall clock, ms since 1970. */
  readonly updatedAt: number;
  readonly source: Job["source"];
  /**
   * What the server has said about it so far, the newest of each member; the names are in `camelCase`. That of a job is
   * the {@link Job}.
   */
  readonly data?: unknown;
}

export interface EventMeta {
  /** Number of the event in this client; a `job` event has the number of the last event before it. */
  readonly seq: number;
  /** Wall clock, ms since 1970. */
  readonly at: number;
  readonly source: Job["source"];
  readonly jobId?: string;
  /** What is wrong with it; set when `onInvalid: "pass"` let it through. */
  readonly invalid?: string;
  /** `socket.io`: the channel it came over. */
  readonly channel?: string;
  /** `socket.io`: the event's arguments. */
  readonly args?: readonly unknown[];
  /**
   * `socket.io`: acknowledges the event, behind what was sent before; there when the server waits for that. Resolves
   * with `dropped` where it is too late (somebody else did, or the connection has gone) or the queue is full.
   */
  readonly reply?: (data?: unknown, options?: ReplyOptions) => Promise<"sent" | "dropped">;
}

export interface AnyEvent {
  event: string;
  payload: unknown;
  meta: EventMeta;
}

export interface Listening<Events> {
  on<K extends keyof Events>(event: K, listener: Listener<Events[K]>): () => void;
  once<K extends keyof Events>(event: K, listener: Listener<Events[K]>): () => void;
  off<K extends keyof Events>(event: K, listener: Listener<Events[K]>): void;
  onAny(listener: AnyListener): () => void;
}
/**
 * `useJobEvents` of `jobwire/react` or `jobwire/svelte` for these events: under another name it takes their types from
 * there, and the client needs not be given: `const useMyEvents: UseJobEvents<My> = useJobEvents`.
 */
export type UseJobEvents<Events> = <K extends keyof Events>(
  event: K,
  handler: Listener<Events[K]>,
  source?: Listening<Events>,
) => void;
export type Listener<Payload> = (payload: Payload, meta: EventMeta) => void;
export type AnyListener = (event: string, payload: unknown, meta: EventMeta) => void;

/** What can be said, and who can be asked. */
export interface Talking {
  /**
   * Resolves with what became of the message. May be left unawaited.
   *
   * `stream`, `broadcast`: one JSON object, `{"type": event, …data}`; data that is no object is its member `data`. A
   * server that wants `{"type", "data"}` gets it by `send(event, { data })`.
   *
   * `socket.io`: the data may hold, at any depth, up to ten `ArrayBuffer`s, views of one and `Blob`s, as they are now; a
   * `Blob` is read first, and what is sent over the channel after it waits. What the server sends comes as
   * `ArrayBuffer`.
   */
  send(event: string, data?: unknown, options?: SendOptions): Promise<SendResult>;
  /**
   * `socket.io`: sends an event that the server acknowledges, and resolves with what it says: `undefined` for nothing,
   * a list for several values. Never sent twice; rejects with `timeout` when the answer takes too long, and with
   * `network` when the connection was lost before it came.
   */
  request<Answer>(event: string, data?: unknown, options?: RequestOptions): Promise<Answer>;
}

/**
 * `socket.io`: a namespace over the shared connection. Each `channel()` is one user of it: it is opened for the first,
 * and closed, after `pool.linger`, when the last has called close(). The payload of an event is its argument,
 * `undefined` where it has none, the list of them where it has several.
 */
export interface Channel<Events = JobEvents> extends Listening<Events>, Talking {
  readonly name: string;
  /** The state of the channel: it may be refused while others are open. */
  readonly connection: Store<ConnectionStatus>;
  /** Ends what was listened to through this object, and this use of the channel. Idempotent. */
  close(): void;
}

export interface ReplyOptions {
  /** `socket.io`: the data is a list of arguments, instead of the one argument. */
  spread?: boolean;
}
export interface SendOptions extends ReplyOptions {
  /** Drop it instead of queueing it when there is no connection. */
  volatile?: boolean;
  /** A queued message with the same key is replaced. */
  supersede?: string;
  /** How long in ms it may wait, above 0. Default: `queue.maxAge`. */
  maxAge?: number;
}
export interface RequestOptions extends ReplyOptions {
  /** How long in ms the answer may take, above 0. Default 10000. */
  timeout?: number;
}
export type SendResult = "sent" | "queued" | "dropped";

export interface LogEntry {
  level: "debug" | "info" | "warn" | "error";
  /** Stable, for programs. */
  code: string;
  message: string;
  /** Wall clock, ms since 1970. */
  at: number;
  jobId?: string;
  /** How many entries before this one were left out, as there were too many. */
  hushed?: number;
}

/** What became of one kind of event (C: the audit). */
export interface AuditRow {
  event: string;
  received: number;
  /**
   * What listeners were told: `broadcast` tells them the last of a burst. Those of `invalid` itself hear of what
   * validators refuse, too; its row counts what the client refuses by itself.
   */
  delivered: number;
  invalid: number;
  listeners: number;
  unhandled: number;
  lastAt?: number;
}

/** The state of the client for people who look for a fault; secrets are left out. */
export interface Inspection {
  /** The state of the connection. */
  state: ConnectionStatus["state"];
  /** How many jobs the client knows. */
  jobs: number;
  /** Sockets, or the intention of one; without `jobId` it carries every job. */
  connections: readonly {
    jobId?: string;
    state: "token" | "connecting" | "open" | "waiting" | "down";
    /** Failures in a row. */
    attempt: number;
    silentForMs: number;
  }[];
  /** Jobs that are followed, and what serves them. */
  subscriptions: readonly { jobId: string; servedBy: "socket" | "polling" | "none"; followers: number }[];
  /** What waits: outgoing messages (count, bytes), reads, jobs without a socket, timers; events that found no room. */
  queues: Readonly<Record<string, number>>;
  /** Figures since the client was made: frames, events, invalid, late, duplicates, opened, reads … */
  counters: Readonly<Record<string, number>>;
  /**
   * The last events as they came, oldest first; `invalid` says what was wrong with one that was refused before any
   * validator saw it, and is here because `onInvalid` is `pass` or `quarantine`.
   */
  history: readonly { seq: number; at: number; event: string; payload: string; invalid?: string }[];
  /**
   * Events that `onInvalid: "quarantine"` held back because a validator refused them, newest last, at most 100. Of a
   * payload that is large or holds bytes the beginning is kept, as text; of issues the first 100.
   */
  quarantine: readonly unknown[];
}
