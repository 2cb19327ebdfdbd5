/**
 * A job server inside the process, for tests of apps: in Node, jsdom, happy-dom and browsers, without a network. It
 * answers the sockets and HTTP reads of its own address only; everything else goes where it always went. Clients with
 * `worker: true` are out of its reach.
 */
import type { JobsClientOptions } from "./index.js";

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

export interface TestServer {
  /** To spread into the options of a client. */
  readonly options: Pick<JobsClientOptions, "protocol"> & { url: string };
  /** The job of this id; made, as queued, when it is first asked for. */
  job(id: string): TestJob;
  /** How many sockets are open. */
  readonly sockets: number;
  /** What clients sent over sockets, parsed where it is JSON. */
  readonly received: readonly unknown[];
  /** Cuts every socket without a goodbye. */
  cut(): void;
  /** Closes every socket with this code. */
  close(code: number, reason?: string): void;
  /** Whether new sockets and HTTP reads fail as on a network that is down. */
  refuse(on?: boolean): void;
  /** Tokens that are accepted; others are told 401, or closed with 4401. */
  accept(...tokens: string[]): void;
  heartbeat(): void;
  /** Takes the server away and puts the globals back. */
  dispose(): void;
  [Symbol.dispose](): void;
}

interface Connection {
  id: string;
  send(text: string): void;
  end(code: number, reason?: string, wasClean?: boolean): void;
}

const now = () => new Date().toISOString();

export function createTestServer(): TestServer {
  const states = new Map<string, TestJobState>();
  const open = new Set<Connection>();
  const received: unknown[] = [];
  let refusing = false;
  let tokens: readonly string[] | undefined;

  const state = (id: string): TestJobState => {
    let found = states.get(id);
    if (!found) states.set(id, (found = { job_id: id, status: "queued", progress: 0, attempt: 1 }));
    return found;
  };
  const refused = (token: string | null | undefined) => tokens && !tokens.includes(token ?? "");

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

  const tell = (id: string, message: string | object) => {
    const text = typeof message === "string" ? message : JSON.stringify(message);
    for (const connection of [...open]) if (connection.id === id) connection.send(text);
  };

  const change = (id: string, changes: Partial<TestJobState>) => {
    const next = { ...state(id), ...changes };
    states.set(id, next);
    const end = lastWord(next);
    const { job_id, progress, stage, message, attempt } = next;
    tell(id, end ?? { type: "progress", job_id, progress, stage, message, attempt, timestamp: now() });
    if (end) for (const connection of [...open]) if (connection.id === id) connection.end(1000);
  };

  class TestSocket extends EventTarget {
    static readonly CONNECTING = 0;
    static readonly OPEN = 1;
    static readonly CLOSING = 2;
    static readonly CLOSED = 3;
    readonly url: string;
    readonly protocol: string;
    readonly extensions = "";
    readonly bufferedAmount = 0;
    binaryType = "blob";
    readyState = 0;
    onopen: ((event: Event) => void) | null = null;
    onmessage: ((event: Event) => void) | null = null;
    onerror: ((event: Event) => void) | null = null;
    onclose: ((event: Event) => void) | null = null;
    #connection: Connection | undefined;

    constructor(address: string | URL, protocols: string | string[] = []) {
      super();
      const url = new URL(address);
      this.url = url.href;
      this.protocol = [protocols].flat()[0] ?? "";
      queueMicrotask(() => this.#begin(url));
    }

    send(data: unknown): void {
      let message = data;
      try {
        message = JSON.parse(String(data));
      } catch {
        // Kept as it came.
      }
      received.push(message);
    }

    close(code = 1000, reason = ""): void {
      if (this.readyState > 1) return;
      this.readyState = 2;
      queueMicrotask(() => this.#end(code, reason, true));
    }

    #begin(url: URL): void {
      const [, id, kind] = JOB.exec(url.pathname) ?? [];
      if (this.readyState) return;
      if (refusing || !id || kind !== "/stream") {
        this.#emit("error");
        this.#end(1006, "", false);
        return;
      }
      const connection: Connection = (this.#connection = {
        id: decodeURIComponent(id),
        send: (data) => this.#emit("message", { data }),
        end: (code, reason = "", wasClean = true) => this.#end(code, reason, wasClean),
      });
      open.add(connection);
      this.readyState = 1;
      this.#emit("open");
      if (refused(url.searchParams.get("token"))) return connection.end(4401, "unauthorised");
      const end = lastWord(state(connection.id));
      if (!end) return;
      connection.send(JSON.stringify(end));
      connection.end(1000);
    }

    #end(code: number, reason: string, wasClean: boolean): void {
      if (this.readyState === 3) return;
      this.readyState = 3;
      if (this.#connection) open.delete(this.#connection);
      this.#emit("close", { code, reason, wasClean });
    }

    #emit(type: "open" | "message" | "error" | "close", more: object = {}): void {
      if (type === "message" && this.readyState !== 1) return;
      const event = type === "message" ? new MessageEvent(type, more) : Object.assign(new Event(type), more);
      this[`on${type}`]?.(event);
      this.dispatchEvent(event);
    }
  }

  function respond(url: URL, method: string, headers: Headers): Response {
    const [, id, action] = JOB.exec(url.pathname) ?? [];
    const json = (body: Wire, status: number, more = {}) =>
      new Response(JSON.stringify(body), {
        status,
        headers: { "content-type": "application/json", ...more },
      });
    const token = headers.get("authorization")?.replace(/^Bearer /, "") ?? url.searchParams.get("token");
    if (refused(token)) return json({ detail: "unauthorised" }, 401);
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

  const original = { WebSocket: globalThis.WebSocket, fetch: globalThis.fetch };
  const isOurs = (address: unknown) => {
    const text = address instanceof Request ? address.url : String(address);
    return /^[a-z]+:\/\/([^/]+)/.exec(text)?.[1] === HOST;
  };

  const WebSocketHere = new Proxy(original.WebSocket ?? TestSocket, {
    construct: (target, args: [string, string[]?], newTarget) =>
      isOurs(args[0]) ? new TestSocket(...args) : (Reflect.construct(target, args, newTarget) as object),
  });
  const fetchHere = async (input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> => {
    if (!isOurs(input)) return original.fetch(input, init);
    const request = input instanceof Request ? input : undefined;
    const signal = init.signal ?? request?.signal;
    await Promise.resolve();
    signal?.throwIfAborted();
    if (refusing) throw new TypeError("the test server refuses");
    const method = (init.method ?? request?.method ?? "GET").toUpperCase();
    return respond(
      new URL(request?.url ?? String(input)),
      method,
      new Headers(init.headers ?? request?.headers),
    );
  };
  Object.assign(globalThis, { WebSocket: WebSocketHere, fetch: fetchHere });

  const endAll = (code: number, reason: string, wasClean: boolean) => {
    for (const connection of [...open]) connection.end(code, reason, wasClean);
  };
  const dispose = () => {
    endAll(1001, "the test is over", true);
    if ((globalThis.WebSocket as unknown) === WebSocketHere) globalThis.WebSocket = original.WebSocket;
    if (globalThis.fetch === fetchHere) globalThis.fetch = original.fetch;
  };

  return {
    options: { url: `https://${HOST}`, protocol: "stream" },
    job: (id) => ({
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
    get sockets() {
      return open.size;
    },
    received,
    cut: () => endAll(1006, "", false),
    close: (code, reason = "") => endAll(code, reason, true),
    refuse(on = true) {
      refusing = on;
    },
    accept(...accepted) {
      tokens = accepted;
    },
    heartbeat() {
      for (const { send } of [...open]) send(JSON.stringify({ type: "heartbeat", timestamp: now() }));
    },
    dispose,
    [Symbol.dispose]: dispose,
  };
}
