/** Jobs as the app sees them. Times are milliseconds, progress is 0–100. */
import type { Store } from "../store/types.js";

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
