/** The options of a client. Times are milliseconds. Letters name the systems a rule comes from. */
import type { JobEvents } from "../channels/payloads.js";
import type { StandardSchemaV1 } from "../channels/standard-schema.js";
import type { LogEntry } from "./inspection-types.js";

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
