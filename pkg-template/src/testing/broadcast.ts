/**
 * A server of the protocol `broadcast` inside the process, for tests of apps: whatever happens is told to every socket,
 * and jobs can be read over HTTP. It answers the sockets and reads of its own address only. Clients with `worker: true`
 * are out of its reach.
 */
import type { JobsClientOptions } from "../index.js";
import { createHost, json } from "./host.js";
import type { TestControls } from "./host.js";

const HOST = "broadcast.jobwire.test";
const JOB = /^\/jobs\/([^/]+)$/;

/** How a message is written: `{ type, data }`, `{ event, data }`, or `{ type, …data }`. */
export type BroadcastEnvelope = "type" | "event" | "flat";

export interface BroadcastCounts {
  processed: number;
  succeeded?: number;
  failed?: number;
  total?: number;
}

/** What HTTP tells of a job, as the server writes it; also the data of the `job_status` that tells of it. */
export interface BroadcastJobState {
  jobId: string;
  status: "queued" | "running" | "completed" | "failed" | "cancelled";
  progress?: { tracksProcessed: number; tracksSucceeded?: number; tracksFailed?: number; total?: number };
  phase?: string;
  message?: string;
  error?: string;
}

/** A job of the test server. Each call changes what HTTP tells, and tells every socket by a `job_status`. */
export interface BroadcastJob {
  readonly state: Readonly<BroadcastJobState>;
  progress(counts: BroadcastCounts, more?: { phase?: string; message?: string }): void;
  complete(message?: string): void;
  fail(error?: string): void;
  cancel(): void;
  /** Tells by a `job_status` what became of one of its tracks; the job stays as it is. */
  track(id: string | number, status: string): void;
}

export interface BroadcastServer extends TestControls {
  /** To spread into the options of a client. With `polling: { url: "/jobs/{id}" }` beside them it reads jobs, too. */
  readonly options: Pick<JobsClientOptions, "protocol"> & { url: string };
  /** The job of this id; made, as queued, when it is first asked for. */
  job(id: string): BroadcastJob;
  /** Tells every socket of an event. */
  emit(event: string, data?: object, envelope?: BroadcastEnvelope): void;
  /** Sends every socket a text as it is, or something else as JSON: several messages, or a broken one. */
  send(message: string | object): void;
}

const timestamp = () => new Date().toISOString();

export function createBroadcastServer(): BroadcastServer {
  const states = new Map<string, BroadcastJobState>();
  const state = (id: string): BroadcastJobState => {
    let found = states.get(id);
    if (!found) states.set(id, (found = { jobId: id, status: "queued" }));
    return found;
  };
  const { controls, send } = createHost({
    name: HOST,
    connect: (url, peer) => (JOB.test(url.pathname) ? undefined : peer),
    respond(url, method) {
      const [, id] = JOB.exec(url.pathname) ?? [];
      const known = id && method === "GET" && states.get(decodeURIComponent(id));
      return known ? json({ ...known, timestamp: timestamp() }, 200) : json({ error: "not found" }, 404);
    },
    unauthorised: { error: "unauthorised" },
  });
  const emit = (event: string, data: object = {}, envelope: BroadcastEnvelope = "type") =>
    send(envelope === "flat" ? { ...data, type: event } : { [envelope]: event, data });

  const change = (id: string, changes: Partial<BroadcastJobState>) => {
    const next = { ...state(id), ...changes };
    states.set(id, next);
    emit("job_status", { ...next, timestamp: timestamp() });
  };

  return Object.assign(controls, {
    options: { url: `https://${HOST}`, protocol: "broadcast" as const },
    job(id: string): BroadcastJob {
      state(id);
      return {
        get state() {
          return state(id);
        },
        progress: ({ processed, succeeded, failed, total }, more = {}) =>
          change(id, {
            status: "running",
            progress: {
              tracksProcessed: processed,
              ...(succeeded !== undefined && { tracksSucceeded: succeeded }),
              ...(failed !== undefined && { tracksFailed: failed }),
              ...(total !== undefined && { total }),
            },
            ...more,
          }),
        complete: (message) => change(id, { status: "completed", ...(message !== undefined && { message }) }),
        fail: (error = "failed") => change(id, { status: "failed", error }),
        cancel: () => change(id, { status: "cancelled" }),
        track: (trackId, status) =>
          emit("job_status", { jobId: id, trackId, status, timestamp: timestamp() }),
      };
    },
    emit,
    send: (message: string | object) => send(message),
  });
}
