/** The five systems as one page meets them: how each is started, given a job, watched, and asked for the truth. */
import { readFile } from "node:fs/promises";
import { sampleWav } from "../../../examples/backends/bun/make-sample.mjs";
import { sampleCsv } from "../../../examples/backends/ws/make-sample.mjs";
import { TemporaryFolder } from "../../../examples/server/temporary.mjs";
import { FAST_HEARTBEAT, post } from "../stage.mjs";
import { startBun, startExpress, startFastapi, startFlask, startWs } from "./backend.mjs";
import { PROGRESS_PATH, sendPhoto } from "./images.mjs";
import { sendTone } from "./karaoke.mjs";

/** @typedef {import("./backend.mjs").Backend} Backend */
/** @typedef {import("../../../pkg/index.js").JobsClientOptions} Options */
/** @typedef {{ status: string, percent: number }} Truth */
/** @typedef {{ event: string, payload: any, jobId?: string }} Told */
/**
 * @typedef {object} System
 * @property {string} name
 * @property {boolean} remembers whether its jobs outlive the server
 * @property {(redisUrl: string) => Promise<Parts>} start
 * @property {Omit<Options, "url">} options of its client
 * @property {(url: string, pace: Pace) => Promise<string>} begin resolves with the id of a new job
 * @property {(told: Told, id: string) => boolean} isEnd whether this is the server's word that the job is completed
 * @property {(id: string) => string} path where the server tells about a job over HTTP
 * @property {(body: any) => Truth} truth read from there
 */
/** @typedef {{ server: Backend, close: () => Promise<void> }} Parts `server` is what clients talk to */
/** @typedef {System & Parts} Running */
/** @typedef {"slow" | "quick"} Pace slow jobs take ten seconds, which outlasts a restart on a busy machine */

const RECORDING = new URL("../../../scripts/sample.wav", import.meta.url);
/** So that nobody waits for long; more attempts than a restart takes. */
const reconnect = { baseDelay: 100, maxDelay: 400, attempts: 1000 };

/** @param {Backend} server @returns {Parts} */
const alone = (server) => ({ server, close: () => server.kill() });

/** @param {Promise<Backend>[]} parts the server first @returns {Promise<Parts>} */
async function together(...parts) {
  const started = await Promise.all(parts);
  const [server] = /** @type {[Backend]} */ (started);
  return { server, close: async () => void (await Promise.all(started.map((part) => part.kill()))) };
}

/** Ids may be numbers. @param {any} payload @param {string} id */
const isJob = (payload, id) => String(payload.jobId) === id;

/** @type {System} */
const bun = {
  name: "Bun",
  remembers: true,
  async start() {
    const folder = new TemporaryFolder();
    const server = await startBun({ env: { DATA_FOLDER: folder.path } });
    return {
      server,
      async close() {
        await server.kill();
        folder.close();
      },
    };
  },
  options: { protocol: "broadcast", reconnect, polling: { url: "/jobs/{id}", interval: 200 } },
  async begin(url, pace) {
    const form = new FormData();
    const recording = new Blob([new Uint8Array(sampleWav({ seconds: 1 }))]);
    for (let track = 1; track <= 20; track += 1) form.append("tracks", recording, `${track}.wav`);
    const response = await fetch(`${url}/jobs?pace=${pace === "slow" ? 500 : 20}`, {
      method: "POST",
      body: form,
    });
    return String((await response.json()).jobId);
  },
  isEnd: ({ event, payload }, id) =>
    event === "job_status" && isJob(payload, id) && !payload.trackId && payload.status === "completed",
  path: (id) => `/jobs/${id}`,
  truth: ({ status, progress }) => ({ status, percent: (100 * progress.tracksProcessed) / progress.total }),
};

/** @type {System} */
const flask = {
  name: "Flask-SocketIO",
  remembers: true,
  start: (redisUrl) =>
    together(startFlask({ only: "web", web: 1, redisUrl }), startFlask({ only: "worker", redisUrl })),
  options: {
    protocol: "socket.io",
    namespace: "/jobs",
    subscribe: "subscribe_to_jobs",
    reconnect,
    polling: { url: "/api/jobs/{id}", interval: 200 },
  },
  // Ten seconds of sound are 20 steps.
  begin: (url, pace) => sendTone(url, { seconds: 10, pace: pace === "slow" ? 500 : 0 }),
  isEnd: ({ event, payload }, id) => event === "job_completed" && payload.id === id,
  path: (id) => `/api/jobs/${id}`,
  truth: ({ status, progress }) => ({ status, percent: progress }),
};

/** @type {System} */
const ws = {
  name: "ws",
  remembers: false,
  start: async () => alone(await startWs()),
  options: { protocol: "broadcast", reconnect, polling: { url: "/api/enrichment/jobs/{id}", interval: 200 } },
  async begin(url, pace) {
    const [rows, batch] = pace === "slow" ? [2000, 250] : [400, 20];
    const { importId, jobId } = await post(`${url}/api/playlists/import?pace=${batch}`, sampleCsv(rows));
    // The enrichment that follows would keep later imports waiting.
    await post(`${url}/api/enrichment/jobs/${jobId}/cancel`);
    return importId;
  },
  isEnd: ({ event, payload }, id) =>
    event === "job_status_changed" && isJob(payload, id) && payload.status === "completed",
  path: (id) => `/api/enrichment/jobs/${id}`,
  truth: ({ status, progress }) => ({ status, percent: (100 * progress.processed) / progress.total }),
};

/** @type {System} */
const fastapi = {
  name: "FastAPI",
  remembers: true,
  start: (redisUrl) =>
    together(
      startFastapi({ only: "web", workers: 1, redisUrl, env: FAST_HEARTBEAT }),
      startFastapi({ only: "worker", redisUrl }),
    ),
  options: { protocol: "stream", reconnect, polling: { url: "/api/v1/jobs/{id}", interval: 200 } },
  async begin(url, pace) {
    const recording = new Blob([new Uint8Array(await readFile(RECORDING))]);
    return (await post(`${url}/api/v1/jobs?pace=${pace === "slow" ? 2500 : 0}`, recording)).job_id;
  },
  isEnd: ({ event, payload }, id) => event === "completed" && isJob(payload, id),
  path: (id) => `/api/v1/jobs/${id}`,
  truth: ({ status, progress }) => ({ status, percent: progress }),
};

let sessions = 0;

/** @type {System} */
const express = {
  name: "Express",
  remembers: false,
  start: async () => alone(await startExpress({ env: { PING_INTERVAL_MS: "500" } })),
  options: { protocol: "stream", path: PROGRESS_PATH, reconnect, polling: false },
  async begin(url, pace) {
    const id = `five-${++sessions}`;
    const { status } = await sendPhoto(url, id, { pace: pace === "slow" ? 1400 : 20 });
    if (status !== 202) throw new Error(`The photo was answered with ${status}.`);
    return id;
  },
  // The session is that of the socket.
  isEnd: ({ event, payload, jobId }, id) => event === "progress" && jobId === id && payload.progress === 100,
  path: (id) => `/api/images_mvp/sessions/${id}`,
  truth: ({ status, progress }) => ({ status, percent: progress }),
};

export const SYSTEMS = [bun, flask, ws, fastapi, express];
