/** The routes of a job's life: upload, state, retry, cancel, result. */
import { isTerminal, jobView } from "./jobs.mjs";
import { HttpError, sendJson, sendText } from "./responses.mjs";
import { MEDIA_TYPE } from "./transcription/musicxml.mjs";
import { STAGES } from "./work/stages.mjs";

const MAX_PACE_MS = 60_000;

/** @param {import("node:http").IncomingMessage} request */
export function fileName(request) {
  const header = String(request.headers["x-filename"] ?? "file");
  let name;
  try {
    name = decodeURIComponent(header);
  } catch {
    throw new HttpError(400, "X-Filename is not valid percent-encoding; send encodeURIComponent(file.name).");
  }
  const base = name.split(/[/\\]/).pop() ?? "";
  // eslint-disable-next-line no-control-regex -- control characters are what is removed here
  return base.replace(/[\u0000-\u001f\u007f]/g, "").slice(0, 255) || "file";
}

/** @param {URL} url */
function readOptions(url) {
  const work = url.searchParams.get("work") ?? "file";
  if (work !== "file" && work !== "transcription")
    throw new HttpError(400, `There is no work "${work}"; work takes file or transcription.`);
  const fail = url.searchParams.get("fail") ?? undefined;
  if (fail !== undefined && !STAGES[work].some((stage) => stage.name === fail)) {
    const names = STAGES[work].map((stage) => stage.name).join(", ");
    throw new HttpError(400, `There is no stage "${fail}"; fail takes one of ${names}.`);
  }
  const pace = Number(url.searchParams.get("pace") ?? 0);
  if (!Number.isFinite(pace) || pace < 0 || pace > MAX_PACE_MS) {
    throw new HttpError(400, `pace takes milliseconds from 0 to ${MAX_PACE_MS}.`);
  }
  return { work: /** @type {import("./work/stages.mjs").Work} */ (work), fail, pace };
}

/**
 * @param {import("node:http").IncomingMessage} request
 * @param {string} etag
 */
export function unchanged(request, etag) {
  const known = (request.headers["if-none-match"] ?? "")
    .split(",")
    .map((one) => one.trim().replace(/^W\//, ""));
  return known.includes(etag) || known.includes("*");
}

/**
 * @param {import("./jobs.mjs").JobStore} store
 * @param {import("./runner.mjs").Runner} runner
 * @param {import("./upload.mjs").UploadFolder} uploads
 * @returns {import("./http.mjs").Route[]}
 */
export function jobRoutes(store, runner, uploads) {
  /** @param {string} id */
  const find = (id) => {
    const job = store.get(id);
    if (!job) throw new HttpError(404, `There is no job ${id}; it may have expired.`);
    return job;
  };
  /** @param {import("./jobs.mjs").Job} job */
  const accepted = (job) => ({ job_id: job.id, status: job.status, attempt: job.attempt });
  /** @param {string} folder @param {string} type @returns {import("./http.mjs").Route} */
  const resultRoute = (folder, type) => ({
    method: "GET",
    path: `${folder}/{id}`,
    handle({ response, id }) {
      const job = find(id);
      if (job.result === undefined) throw new HttpError(404, `The job is ${job.status}; it has no result.`);
      if (!job.resultUrl?.startsWith(`${folder}/`))
        throw new HttpError(404, `Its result is at ${job.resultUrl}.`);
      sendText(response, 200, job.result, { "Content-Type": type });
    },
  });

  return [
    {
      method: "POST",
      path: "/api/v1/jobs",
      async handle({ request, response, url }) {
        const options = readOptions(url);
        const name = fileName(request);
        if (store.full || runner.full) {
          throw new HttpError(503, "Too many jobs are waiting; try again in a few seconds.", {
            "Retry-After": "5",
          });
        }
        const file = await uploads.receive(request);
        const contentType = request.headers["content-type"] ?? "application/octet-stream";
        const job = store.create({ upload: { ...file, ...options, name, contentType } });
        sendJson(response, 202, accepted(job));
        store.announce(job);
        runner.start(job);
      },
    },
    {
      method: "GET",
      path: "/api/v1/jobs/{id}",
      handle({ request, response, id }) {
        const job = find(id);
        const etag = `"${job.attempt}-${job.version}-${job.changedAt.toString(36)}"`;
        if (unchanged(request, etag)) response.writeHead(304, { ETag: etag }).end();
        else sendJson(response, 200, jobView(job), { ETag: etag });
      },
    },
    {
      method: "POST",
      path: "/api/v1/jobs/{id}/retry",
      handle({ response, id }) {
        const job = find(id);
        if (job.status !== "failed")
          throw new HttpError(409, `The job is ${job.status}; only a failed one is retried.`);
        if (!job.error?.retryable || !job.upload)
          throw new HttpError(409, "This failure is final; send the file again.");
        store.apply(job, {
          status: "queued",
          progress: 0,
          stage: "queued",
          message: "Waiting for a free worker",
          attempt: job.attempt + 1,
          error: undefined,
          durationSeconds: undefined,
        });
        sendJson(response, 202, accepted(job));
        store.announce(job);
        runner.start(job);
      },
    },
    {
      method: "POST",
      path: "/api/v1/jobs/{id}/cancel",
      handle({ response, id }) {
        const job = find(id);
        if (isTerminal(job)) throw new HttpError(409, `The job is ${job.status} already.`);
        runner.cancel(job);
        store.update(job, { status: "cancelled", message: "Cancelled" });
        sendJson(response, 202, accepted(job));
      },
    },
    resultRoute("/api/v1/results", "application/json"),
    resultRoute("/api/v1/scores", MEDIA_TYPE),
  ];
}
