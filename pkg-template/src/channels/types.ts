/** Events, messages and the connection they use. */
import type { JobsError } from "../errors.js";
import type { JobEvents } from "./payloads.js";
import type { Job } from "../jobs/types.js";
import type { Store } from "../store/types.js";

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
