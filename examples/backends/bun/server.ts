/** The WebSocket server, with the endpoint for the worker and the routes of jobs. */
import type { Server } from "bun";
import { createTokenCheck } from "../../server/auth.mjs";
import { Access } from "./access.ts";
import { readJson } from "./body.ts";
import { explain, HttpError, json, text } from "./http.ts";
import { Receiver } from "./receive.ts";
import type { Settings } from "./settings.ts";
import { type SocketData, Sockets } from "./sockets.ts";
import type { Store } from "./store.ts";

const TIMES = { idleMs: 5_000, totalMs: 10_000 };
const NOTICE_LIMITS = { ...TIMES, maxBytes: 64 * 1024 };
const REPLAY_LIMITS = { ...TIMES, maxBytes: 16 * 1024 * 1024 };

interface Parts {
  readonly store: Store;
  readonly settings: Settings;
  /** There is a new job. */
  readonly onJob: () => void;
}

function jobView(store: Store, id: string) {
  const job = store.job(Number(id));
  if (!job) throw new HttpError(404, `There is no job ${id}.`);
  const { jobId, status, timestamp } = job;
  return { jobId, status, progress: store.progress(job), timestamp, tracks: store.tracks(jobId) };
}

async function readNotice(request: Request): Promise<object> {
  const notice = (await readJson(request, NOTICE_LIMITS)) as { jobId?: unknown; status?: unknown } | null;
  const hasId = typeof notice?.jobId === "string" || typeof notice?.jobId === "number";
  if (hasId && typeof notice.status === "string") return notice;
  throw new HttpError(400, "A notice needs a jobId (text or number) and a status (text).");
}

async function readFrames(request: Request): Promise<string[]> {
  const frames = await readJson(request, REPLAY_LIMITS);
  if (Array.isArray(frames) && frames.every((frame) => typeof frame === "string")) return frames;
  throw new HttpError(400, "The body has to be a JSON array of texts, each one frame.");
}

export function startServer({ store, settings, onJob }: Parts): Server<SocketData> {
  const accepted = createTokenCheck(settings.tokens);
  const isWorker = createTokenCheck([settings.notifyToken]);
  const access = new Access(settings);
  const receiver = new Receiver(store, settings.uploads);
  const sockets = new Sockets();

  function bearer(request: Request): string | undefined {
    return /^Bearer (.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  }

  function authorized(request: Request): boolean {
    return accepted(bearer(request) ?? new URL(request.url).searchParams.get("token"));
  }

  async function control(name: string, request: Request): Promise<Response> {
    if (name === "GET state") {
      return json({ sockets: sockets.size, ...sockets.counters, received: sockets.received });
    }
    if (name === "POST cut") return json({ closed: sockets.cut() });
    if (name !== "POST replay") throw new HttpError(404, "There is no such control.");
    const frames = await readFrames(request);
    for (const frame of frames) sockets.sendToAll(frame);
    return json({ sockets: sockets.size, frames: frames.length });
  }

  async function publish(request: Request, server: Server<SocketData>): Promise<Response> {
    if (!isWorker(bearer(request)))
      throw new HttpError(401, "Notices are the worker's: its token is needed.");
    const data = await readNotice(request);
    const topic = "trackId" in data ? "tracks" : "jobs";
    sockets.publish(server, topic, JSON.stringify({ type: "job_status", data }));
    return text("published");
  }

  async function answer(request: Request, server: Server<SocketData>): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const call = `${request.method} ${pathname}`;
    if (request.method === "OPTIONS") return new Response(null, { status: 204 });
    if (call === "GET /healthz") return text("ok");
    if (call === "GET /") return text("A WebSocket server for the status of jobs; connect to this address.");
    if (call === "POST /notify") return publish(request, server);
    if (!authorized(request)) throw new HttpError(401, "The token is missing or not accepted.");
    if (call === "POST /jobs") {
      const job = await receiver.receive(request, searchParams);
      onJob();
      return json(job, 202);
    }
    const [, id] = /^GET \/jobs\/([^/]+)$/.exec(call) ?? [];
    if (id !== undefined) return json(jobView(store, id));
    const [, method, name] = /^(GET|POST) \/_control\/(\w+)$/.exec(call) ?? [];
    if (method && settings.control) {
      access.checkLocal(request, server.requestIP(request)?.address);
      return control(`${method} ${name}`, request);
    }
    throw new HttpError(404, "There is nothing at this address.");
  }

  /** Answers a handshake, or says why not. */
  function upgrade(request: Request, server: Server<SocketData>): Response | undefined {
    if (server.pendingWebSockets >= settings.maxSockets) {
      throw new HttpError(503, "The server has as many sockets as it takes.", { "Retry-After": "1" });
    }
    if (server.upgrade(request, { data: { authorized: authorized(request) } })) return undefined;
    throw new HttpError(400, "This handshake of a WebSocket cannot be answered.");
  }

  async function respond(request: Request, server: Server<SocketData>): Promise<Response | undefined> {
    access.check(request);
    if (request.headers.get("upgrade")?.toLowerCase() === "websocket") return upgrade(request, server);
    return answer(request, server);
  }

  return Bun.serve<SocketData>({
    hostname: settings.host,
    port: settings.port,
    development: false,
    maxRequestBodySize: settings.uploads.maxBytes,
    websocket: sockets.handler,
    async fetch(request, server) {
      const response = await respond(request, server).catch(explain);
      return response && access.open(request, response);
    },
    error: explain,
  });
}
