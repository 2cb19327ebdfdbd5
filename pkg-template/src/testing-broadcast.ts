/**
 * A server of the protocol `broadcast` inside the process, for tests of apps: whatever happens is told to every socket,
 * and jobs can be read over HTTP. It answers the sockets and reads of its own address only. Clients with `worker: true`
 * are out of its reach.
 */
import type { JobsClientOptions } from "./index.js";
import { install } from "./testing-socket.js";
import type { Peer, Session } from "./testing-socket.js";

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

export interface BroadcastServer {
  /** To spread into the options of a client. With `polling: { url: "/jobs/{id}" }` beside them it reads jobs, too. */
  readonly options: Pick<JobsClientOptions, "protocol"> & { url: string };
  /** The job of this id; made, as queued, when it is first asked for. */
  job(id: string): BroadcastJob;
  /** Tells every socket of an event. */
  emit(event: string, data?: object, envelope?: BroadcastEnvelope): void;
  /** Sends every socket a text as it is, or something else as JSON: several messages, or a broken one. */
  send(message: string | object): void;
  /** How many sockets are open. */
  readonly sockets: number;
  /** What clients sent, parsed where it is JSON. */
  readonly received: readonly unknown[];
  /** Cuts every socket without a goodbye. */
  cut(): void;
  /** Closes every socket with this code. */
  close(code: number, reason?: string): void;
  /** Whether new sockets and HTTP reads fail as on a network that is down. */
  refuse(on?: boolean): void;
  /** Tokens that are accepted; others are told 401, or closed with 4401. */
  accept(...tokens: string[]): void;
  /** Takes the server away and puts the globals back. */
  dispose(): void;
  [Symbol.dispose](): void;
}

const timestamp = () => new Date().toISOString();

export function createBroadcastServer(): BroadcastServer {
  const states = new Map<string, BroadcastJobState>();
  const open = new Set<Peer>();
  const received: unknown[] = [];
  let isRefusing = false;
  let tokens: readonly string[] | undefined;

  const state = (id: string): BroadcastJobState => {
    let found = states.get(id);
    if (!found) states.set(id, (found = { jobId: id, status: "queued" }));
    return found;
  };
  const isRefused = (token: string | null | undefined) => tokens && !tokens.includes(token ?? "");

  const send = (message: string | object) => {
    const text = typeof message === "string" ? message : JSON.stringify(message);
    for (const peer of [...open]) peer.send(text);
  };
  const emit = (event: string, data: object = {}, envelope: BroadcastEnvelope = "type") =>
    send(envelope === "flat" ? { ...data, type: event } : { [envelope]: event, data });

  const change = (id: string, changes: Partial<BroadcastJobState>) => {
    const next = { ...state(id), ...changes };
    states.set(id, next);
    emit("job_status", { ...next, timestamp: timestamp() });
  };

  function accept(url: URL, peer: Peer): Session | undefined {
    if (isRefusing || JOB.test(url.pathname)) return undefined;
    return {
      opened() {
        if (isRefused(url.searchParams.get("token"))) return peer.end(4401, "unauthorised");
        open.add(peer);
      },
      message(data) {
        let message = data;
        try {
          message = JSON.parse(String(data));
        } catch {
          // Kept as it came.
        }
        received.push(message);
      },
      closed: () => open.delete(peer),
    };
  }

  function respond(url: URL, method: string, headers: Headers): Response {
    if (isRefusing) throw new TypeError("the test server refuses");
    const [, id] = JOB.exec(url.pathname) ?? [];
    const json = (body: object, status: number) =>
      new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
    const token = headers.get("authorization")?.replace(/^Bearer /, "") ?? url.searchParams.get("token");
    if (isRefused(token)) return json({ error: "unauthorised" }, 401);
    const known = id && method === "GET" && states.get(decodeURIComponent(id));
    return known ? json({ ...known, timestamp: timestamp() }, 200) : json({ error: "not found" }, 404);
  }

  const uninstall = install({ name: HOST, accept, respond });
  const endAll = (code: number, reason: string, wasClean: boolean) => {
    for (const peer of [...open]) peer.end(code, reason, wasClean);
  };
  const dispose = () => {
    endAll(1001, "the test is over", true);
    uninstall();
  };

  return {
    options: { url: `https://${HOST}`, protocol: "broadcast" },
    job(id) {
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
    send,
    get sockets() {
      return open.size;
    },
    received,
    cut: () => endAll(1006, "", false),
    close: (code, reason = "") => endAll(code, reason, true),
    refuse(on = true) {
      isRefusing = on;
    },
    accept(...accepted) {
      tokens = accepted;
    },
    dispose,
    [Symbol.dispose]: dispose,
  };
}
