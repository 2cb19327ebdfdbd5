/**
 * A job server inside the process, for tests of apps: in Node, jsdom, happy-dom and browsers, without a network. It
 * answers the sockets and HTTP reads of its own address only; everything else goes where it always went. Clients with
 * `worker: true` are out of its reach.
 */
import type { JobsClientOptions } from "../index.js";
import { createHost, json } from "./host.js";
import type { TestControls } from "./host.js";
import type { Peer } from "./socket.js";

export { createBroadcastServer } from "./broadcast.js";
export type * from "./broadcast.js";
export { createSocketIoServer } from "./socketio.js";
export type { SocketIoServer } from "./socketio.js";

const HOST = "jobwire.test";
const JOB = /^\/api\/v1\/jobs\/([^/]+)(\/stream|\/retry|\/cancel)?$/;

type Wire = Record<string, unknown>;

/** What HTTP tells of a job, as the server writes it. */
export interface TestJobState {
  job_id: string;
  status: "queued" | "running" | "completed" | "failed" | "cancelled";
  progress: number;
  attempt: number;
  stage?: string;
  message?: string;
  result_url?: string;
  duration_seconds?: number;
  error?: { message: string; retryable: boolean; stage?: string };
}

/** A job of the test server. Each call changes what HTTP tells and what connected sockets are sent. */
export interface TestJob {
  readonly state: Readonly<TestJobState>;
  /** 0–100. */
  progress(percent: number, more?: { stage?: string; message?: string }): void;
  complete(more?: { resultUrl?: string; durationSeconds?: number }): void;
  fail(message?: string, more?: { retryable?: boolean; stage?: string }): void;
  cancel(): void;
  /** Sends text as it is, e.g. a message of your own or a broken one. Changes nothing else. */
  send(message: string | object): void;
}

export interface TestServer extends TestControls {
  /** To spread into the options of a client. */
  readonly options: Pick<JobsClientOptions, "protocol"> & { url: string };
  /** The job of this id; made, as queued, when it is first asked for. */
  job(id: string): TestJob;
  heartbeat(): void;
}

interface Connection extends Peer {
  id: string;
}

const now = () => new Date().toISOString();

export function createTestServer(): TestServer {
  const states = new Map<string, TestJobState>();

  const state = (id: string): TestJobState => {
    let found = states.get(id);
    if (!found) states.set(id, (found = { job_id: id, status: "queued", progress: 0, attempt: 1 }));
    return found;
  };

  /** The last word on a job that has ended, else nothing. */
  const lastWord = ({
    job_id,
    status,
    result_url,
    duration_seconds,
    error,
  }: TestJobState): Wire | undefined => {
    const common = { job_id, timestamp: now() };
    if (status === "completed")
      return { type: "completed", progress: 100, result_url, duration_seconds, ...common };
    if (status === "failed") return { type: "error", error, ...common };
    return status === "cancelled" ? { type: "cancelled", ...common } : undefined;
  };

  const tell = (id: string, message: string | object) => send(message, (connection) => connection.id === id);

  const change = (id: string, changes: Partial<TestJobState>) => {
    const next = { ...state(id), ...changes };
    states.set(id, next);
    const end = lastWord(next);
    const { job_id, progress, stage, message, attempt } = next;
    tell(id, end ?? { type: "progress", job_id, progress, stage, message, attempt, timestamp: now() });
    if (end) finish((connection) => connection.id === id);
  };

  function respond(url: URL, method: string, headers: Headers): Response {
    const [, id, action] = JOB.exec(url.pathname) ?? [];
    if (!id) return json({ detail: "not found" }, 404);
    const key = decodeURIComponent(id);
    if (method === "POST" && action === "/retry") {
      const { status, error, attempt } = state(key);
      if (status !== "failed" || !error?.retryable) return json({ detail: "not retryable" }, 409);
      states.set(key, { job_id: key, status: "queued", progress: 0, attempt: attempt + 1 });
      return json({ ...state(key) }, 202);
    }
    if (method === "POST" && action === "/cancel") {
      change(key, { status: "cancelled" });
      return json({ ...state(key) }, 202);
    }
    const body = { ...state(key) };
    const etag = `"${JSON.stringify(body).replace(/[^\w]/g, "")}"`;
    if (headers.get("if-none-match") === etag) return new Response(null, { status: 304, headers: { etag } });
    return json({ ...body, timestamp: now() }, 200, { etag });
  }

  const { controls, send, finish } = createHost<Connection>({
    name: HOST,
    connect(url, peer) {
      const [, id, kind] = JOB.exec(url.pathname) ?? [];
      return id && kind === "/stream" ? { id: decodeURIComponent(id), ...peer } : undefined;
    },
    greet(connection) {
      const end = lastWord(state(connection.id));
      if (!end) return;
      connection.send(JSON.stringify(end));
      connection.end(1000);
    },
    respond,
    unauthorised: { detail: "unauthorised" },
  });

  return Object.assign(controls, {
    options: { url: `https://${HOST}`, protocol: "stream" as const },
    job: (id: string): TestJob => ({
      get state() {
        return state(id);
      },
      progress: (progress, more = {}) => change(id, { status: "running", progress, ...more }),
      complete: ({ resultUrl = `/api/v1/results/${id}`, durationSeconds = 1 } = {}) =>
        change(id, {
          status: "completed",
          progress: 100,
          result_url: resultUrl,
          duration_seconds: durationSeconds,
        }),
      fail: (message = "failed", { retryable = false, stage } = {}) =>
        change(id, {
          status: "failed",
          error: { message, retryable, ...(stage !== undefined && { stage }) },
        }),
      cancel: () => change(id, { status: "cancelled" }),
      send: (message) => tell(id, message),
    }),
    heartbeat: () => send({ type: "heartbeat", timestamp: now() }),
  });
}
