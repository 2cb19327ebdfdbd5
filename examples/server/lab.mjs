/** Endpoints for tests: jobs without work, whose states and frames the test dictates. */
import { jobView } from "./jobs.mjs";
import { HttpError, readJson, sendJson } from "./responses.mjs";

/** @typedef {import("./jobs.mjs").Job} Job */

/** Of the frames and texts that a test dictates at once. */
const MAX_LAB_BYTES = 16 * 1024 * 1024;
const STATUSES = new Set(["queued", "running", "completed", "failed", "cancelled"]);

/**
 * @param {any} body
 * @returns {Partial<Job>}
 */
function jobFields(body) {
  if (body === null || typeof body !== "object" || Array.isArray(body)) {
    throw new HttpError(400, "The body has to be a JSON object of job fields.");
  }
  if (body.status !== undefined && !STATUSES.has(body.status)) {
    throw new HttpError(400, `status takes one of ${[...STATUSES].join(", ")}.`);
  }
  const fields = {
    status: body.status,
    progress: body.progress ?? (body.status === "completed" ? 100 : undefined),
    stage: body.stage,
    message: body.message,
    attempt: body.attempt,
    resultUrl: body.result_url,
    durationSeconds: body.duration_seconds,
    error: body.error,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/**
 * @typedef {object} Frame
 * @property {(watcher: import("./jobs.mjs").Watcher) => void} play
 */

/**
 * @param {any} entry
 * @param {number} index
 * @returns {Frame}
 */
function readFrame(entry, index) {
  if (typeof entry === "string") {
    const data = Buffer.from(entry);
    return { play: (watcher) => watcher.frame(data, false) };
  }
  if (typeof entry?.base64 === "string") {
    const data = Buffer.from(entry.base64, "base64");
    return { play: (watcher) => watcher.frame(data, true) };
  }
  if (Number.isInteger(entry?.close)) {
    return { play: (watcher) => watcher.close(entry.close, String(entry.reason ?? "")) };
  }
  throw new HttpError(
    400,
    `Frame ${index} has to be a string, {"base64": …} or {"close": code, "reason": …}.`,
  );
}

/**
 * @param {import("./jobs.mjs").JobStore} store
 * @returns {import("./http.mjs").Route[]}
 */
export function labRoutes(store) {
  return [
    {
      method: "POST",
      path: "/api/v1/_synthetic",
      async handle({ request, response }) {
        const body = await readJson(request, MAX_LAB_BYTES);
        const fields = jobFields(body);
        const id = body.job_id === undefined ? {} : { id: String(body.job_id) };
        const job = store.create({ status: "running", stage: "synthetic", message: "", ...fields, ...id });
        store.announce(job);
        sendJson(response, 201, jobView(job));
      },
    },
    {
      method: "POST",
      path: "/api/v1/_synthetic/{id}",
      async handle({ request, response, url, id }) {
        const job = store.get(id);
        if (!job) throw new HttpError(404, `There is no job ${id}; make one with POST /api/v1/_synthetic.`);
        store.apply(job, jobFields(await readJson(request, MAX_LAB_BYTES)));
        if (url.searchParams.get("emit") !== "0") store.announce(job);
        sendJson(response, 200, jobView(job));
      },
    },
    {
      method: "POST",
      path: "/api/v1/_replay",
      async handle({ request, response, url }) {
        const body = await readJson(request, MAX_LAB_BYTES);
        if (!Array.isArray(body)) throw new HttpError(400, "The body has to be a JSON array of frames.");
        const frames = body.map(readFrame);
        const id = url.searchParams.get("job");
        const watchers = [...(id === null ? store.shared : store.watchersOf(id))];
        for (const watcher of watchers) for (const frame of frames) frame.play(watcher);
        sendJson(response, 200, { sockets: watchers.length, frames: frames.length });
      },
    },
  ];
}
