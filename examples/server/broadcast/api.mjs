/** The HTTP routes of analyses: new jobs, their state, and notices of other workers. */
import { formHandler, receiveForm } from "../form.mjs";
import { HttpError, readJson, sendJson } from "../responses.mjs";

const MAX_PACE_MS = 10_000;
const MAX_TRACKS = 1_000;
const MAX_TRACK_BYTES = 256 * 1024 * 1024;

/** @param {URLSearchParams} query @param {string} name @param {"0" | "1"} fallback */
function flag(query, name, fallback) {
  const value = query.get(name) ?? fallback;
  if (value !== "0" && value !== "1") throw new HttpError(400, `${name} takes 1 or 0.`);
  return value === "1";
}

/** @param {URLSearchParams} query */
function readOptions(query) {
  const pace = Number(query.get("pace") ?? 0);
  if (!Number.isInteger(pace) || pace < 0 || pace > MAX_PACE_MS) {
    throw new HttpError(400, `pace takes a whole number of milliseconds from 0 to ${MAX_PACE_MS}.`);
  }
  return { pace, fail: flag(query, "fail", "0"), total: flag(query, "total", "1") };
}

/**
 * @param {import("./jobs.mjs").AnalysisJobs} jobs
 * @param {import("../../backends/ws/broadcaster.mjs").Broadcast} broadcast
 * @param {import("../upload.mjs").UploadFolder} uploads where recordings go
 * @returns {import("../http.mjs").Route[]}
 */
export function analysisRoutes(jobs, broadcast, uploads) {
  const limits = { field: "tracks", maxFiles: MAX_TRACKS, maxFileBytes: MAX_TRACK_BYTES };
  const receive = formHandler(uploads, limits);
  return [
    {
      method: "POST",
      path: "/api/analysis/jobs",
      async handle({ request, response, url }) {
        const options = readOptions(url.searchParams);
        if (jobs.full) {
          throw new HttpError(503, "Too many tracks are waiting; try again in a few seconds.", {
            "Retry-After": "5",
          });
        }
        const { files = [] } = await receiveForm(receive, request, response);
        if (files.length === 0) throw new HttpError(400, "The form has no recording in the field tracks.");
        sendJson(response, 202, jobs.create(files, options));
      },
    },
    {
      method: "GET",
      path: "/api/analysis/jobs/{id}",
      handle({ response, id }) {
        const view = jobs.view(id);
        if (!view) throw new HttpError(404, `There is no job ${id}.`);
        sendJson(response, 200, view);
      },
    },
    {
      method: "POST",
      path: "/api/analysis/notify",
      async handle({ request, response }) {
        const notice = await readJson(request);
        const hasId = typeof notice?.jobId === "string" || typeof notice?.jobId === "number";
        if (!hasId || typeof notice.status !== "string") {
          throw new HttpError(400, "A notice needs a jobId (text or number) and a status (text).");
        }
        broadcast("job_status", notice);
        sendJson(response, 200, { published: true });
      },
    },
  ];
}
