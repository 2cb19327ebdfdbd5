/**
 * Payloads of the built-in events. Names are the wire names, fields are camelCase, progress is 0–100, timestamps are
 * as the server sent them.
 */
import type { BroadcastEvents, FailureReason } from "./payloads-broadcast.js";
import type { Job } from "../jobs/types.js";
import type { StandardIssue } from "./standard-schema.js";

export type * from "./payloads-broadcast.js";

/** Section D and E: a step forward of one job. */
export interface ProgressPayload {
  jobId: string;
  progress: number;
  /** `download`, `separation`, `transcription`, `musicxml`, or whatever else the server calls it. */
  stage?: string;
  message?: string;
  /** Section E: a sentence for people, not a state. */
  status?: string;
  attempt?: number;
  timestamp?: string;
}

/** Section D: the job has its result. */
export interface CompletedPayload {
  jobId: string;
  progress: number;
  /** Address of the result: http(s), blob or relative to the page. */
  resultUrl?: string;
  /** The same where it may not be linked ({@link Job.unsafeResultUrl}). */
  unsafeResultUrl?: string;
  durationSeconds?: number;
  timestamp?: string;
}

/** Section D: the job failed. */
export interface ErrorPayload {
  jobId: string;
  error: { message: string; retryable: boolean; stage?: string };
  timestamp?: string;
}

/** The job was cancelled. */
export interface CancelledPayload {
  jobId: string;
  timestamp?: string;
}

/** Section D heartbeat, section E ping and pong. Answered by the core; listening is for looking on. */
export interface HeartbeatPayload {
  timestamp?: string;
}

/** Section E: greeting of the server. */
export interface ConnectedPayload {
  sessionId: string;
  timestamp?: string;
}

/**
 * Section B: a job as the `/jobs` namespace describes it. The core refuses a job whose members have other types, those
 * marked "Unchecked" excepted; `null` means that there is none.
 */
export interface QueueJobPayload {
  id: string;
  /** The server's word: `queued`, `processing`, `completed`, `failed`, `cancelled` … */
  status: string;
  /** 0–100. */
  progress?: number;
  stage?: string;
  /** A sentence for people. */
  message?: string;
  /** The same, where a server calls it so. */
  statusMessage?: string;
  /** Why it failed: a sentence for people, or more. */
  error?: string | FailureReason | null;
  /** 1 for the first. */
  attempt?: number;
  /** Address of the result: http(s), blob or relative to the page. */
  resultUrl?: string | null;
  /** The same where it may not be linked ({@link Job.unsafeResultUrl}). */
  unsafeResultUrl?: string;
  /** How long it took, in seconds. */
  durationSeconds?: number;
  /** Unchecked: what the recording was called when it was sent. */
  filename?: string;
  /** Unchecked: what the song is called. */
  title?: string;
  /** Unchecked: when the job was made, ISO 8601. */
  createdAt?: string;
  /** Unchecked: when it last changed, ISO 8601. */
  updatedAt?: string;
}

/** Section B: the jobs that wait or run. */
export interface JobsListPayload {
  jobs: QueueJobPayload[];
}

/** Section B: the answer to `subscribe_to_jobs`. Unchecked. */
export interface SubscribedPayload {
  /** A sentence for people. */
  message?: string;
  /** What is heard from now on, such as `jobs`. */
  room?: string;
}

/**
 * Section B: state of the `/performance` namespace. The core refuses one whose members have other types, those marked
 * "Unchecked" excepted.
 */
export interface PerformanceStatePayload {
  isPlaying?: boolean;
  /** Where playback is, in seconds. */
  currentTime?: number;
  /** 0–1. */
  vocalVolume?: number;
  /** 0–1. */
  instrumentalVolume?: number;
  /** `small`, `medium` or `large`. */
  lyricsSize?: string;
  /** In ms. */
  lyricsOffset?: number;
  /** Unchecked: the job whose results are played; `null` as long as nobody has chosen. */
  songId?: string | null;
  /** Unchecked: counts the changes. */
  revision?: number;
}

/** Section B: whatever the client sent that told the server. Unchecked. */
export type FieldsPayload = Record<string, unknown>;

/** A message that cannot be what it should be, or an event of the app whose payload did not pass its validator. */
export interface InvalidPayload {
  /** Absent where the message does not tell it. */
  event?: string;
  /** Stable, for programs: those of docs/bad-input.md; `invalid-event` where a validator refused it. */
  code: string;
  /** For people. */
  reason: string;
  /** The beginning of the message as it came; absent where a validator refused it. */
  raw?: string;
  /** What the validator refused, and why. */
  payload?: unknown;
  issues?: readonly StandardIssue[];
  jobId?: string;
}

/** Messages may have been missed between two times (wall clock, ms). */
export interface GapPayload {
  jobId?: string;
  from: number;
  to: number;
  /** Whether a read of the job has made up for it. */
  healed: boolean;
  /**
   * `events()` alone: so many events stood here and were dropped, since they were not taken and `limit` was reached.
   * `from` and `to` are the times of the first and the last of them.
   */
  dropped?: number;
}

/** A connection came back after having been lost. */
export interface ReconnectedPayload {
  /** Attempts that failed before. */
  attempts: number;
  /** In ms. */
  downMs: number;
  transport: "websocket" | "polling" | "tab";
  /** `socket.io`: the server has delivered what was missed (connection state recovery). */
  recovered?: true;
}

/** Names and payloads of all built-in events. Apps add their own: `JobsClient<JobEvents & { my_event: My }>`. */
export interface JobEvents extends BroadcastEvents {
  /** Any change of any known job. */
  job: Job;
  invalid: InvalidPayload;
  gap: GapPayload;
  reconnected: ReconnectedPayload;

  progress: ProgressPayload;
  completed: CompletedPayload;
  error: ErrorPayload;
  cancelled: CancelledPayload;
  heartbeat: HeartbeatPayload;
  connected: ConnectedPayload;
  ping: HeartbeatPayload;
  pong: HeartbeatPayload;

  job_created: QueueJobPayload;
  job_updated: QueueJobPayload;
  job_completed: QueueJobPayload;
  job_failed: QueueJobPayload;
  job_cancelled: QueueJobPayload;
  jobs_list: JobsListPayload;
  subscribed: SubscribedPayload;
  performance_state: PerformanceStatePayload;
  playback_play: FieldsPayload | null | undefined;
  playback_pause: FieldsPayload | null | undefined;
  update_performance_control: FieldsPayload;
}
