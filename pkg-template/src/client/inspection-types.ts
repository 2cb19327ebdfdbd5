/** What a client says of itself: log entries, the audit, the state of everything. */
import type { ConnectionStatus } from "../channels/types.js";

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
