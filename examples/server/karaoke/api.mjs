/** The HTTP routes of karaoke jobs: upload, state, cancel, results. */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { fileName, unchanged } from "../api.mjs";
import { HttpError, sendJson } from "../responses.mjs";
import { Source } from "../work/source.mjs";
import { WavError, WavReader } from "./wav.mjs";

const MAX_PACE_MS = 60_000;

/** @param {URL} url */
function testOptions(url) {
  const pace = Number(url.searchParams.get("pace") ?? 0);
  if (!Number.isInteger(pace) || pace < 0 || pace > MAX_PACE_MS) {
    throw new HttpError(400, `pace must be a whole number of milliseconds from 0 to ${MAX_PACE_MS}.`);
  }
  const fail = url.searchParams.get("fail") ?? "0";
  if (fail !== "0" && fail !== "1") throw new HttpError(400, "fail must be 1 or 0.");
  return { pace, fail: fail === "1" };
}

/** @param {string} path */
function checkRecording(path) {
  const source = new Source(path);
  try {
    if (source.size === 0) {
      throw new HttpError(400, "The request has no body. Send the bytes of a WAV file as the body.");
    }
    new WavReader(source);
  } catch (error) {
    throw error instanceof WavError ? new HttpError(400, error.message) : error;
  } finally {
    source.close();
  }
}

/**
 * @param {string | undefined} header
 * @param {number} size
 * @returns {{ start: number, end: number } | undefined} both inclusive
 */
function rangeOf(header, size) {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (first === undefined || (first === "" && last === "")) return undefined;
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (start > end) throw new HttpError(416, "This range is not in the file.");
  return { start, end };
}

/**
 * With ranges, without which a browser's player cannot seek.
 * @param {import("../http.mjs").Exchange} exchange
 * @param {string} path
 */
async function sendWav({ request, response }, path) {
  const { size } = await stat(path);
  const range = rangeOf(request.headers.range, size);
  const { start, end } = range ?? { start: 0, end: size - 1 };
  response.writeHead(range ? 206 : 200, {
    "Content-Type": "audio/wav",
    "X-Content-Type-Options": "nosniff",
    "Content-Length": end - start + 1,
    "Accept-Ranges": "bytes",
    "Cache-Control": "no-cache",
    ...(range ? { "Content-Range": `bytes ${start}-${end}/${size}` } : {}),
  });
  if (request.method === "HEAD") response.end();
  else await pipeline(createReadStream(path, { start, end }), response);
}

/**
 * @param {import("./jobs.mjs").KaraokeJobs} jobs
 * @param {import("../upload.mjs").UploadFolder} uploads
 * @returns {import("../http.mjs").Route[]}
 */
export function karaokeRoutes(jobs, uploads) {
  /** @param {string} id */
  const find = (id) => {
    const entry = jobs.get(id);
    if (!entry) throw new HttpError(404, "There is no such job, or it is no longer kept.");
    return entry;
  };
  /**
   * @param {import("./jobs.mjs").Track} track
   * @returns {import("../http.mjs").Route}
   */
  const trackRoute = (track) => ({
    method: "GET",
    path: `/api/jobs/{id}/${track}.wav`,
    handle(exchange) {
      const { job, tracks } = find(exchange.id);
      if (job.status === "completed") return sendWav(exchange, tracks[track]);
      throw new HttpError(404, `There is no ${track} track of this job: it is ${job.status}.`);
    },
  });

  return [
    {
      method: "POST",
      path: "/api/jobs",
      async handle({ request, response, url }) {
        const options = testOptions(url);
        const name = fileName(request);
        if (jobs.full) {
          throw new HttpError(503, "Too many jobs are waiting; try again in a few seconds.", {
            "Retry-After": "5",
          });
        }
        const file = await uploads.receive(request);
        try {
          checkRecording(file.path);
          sendJson(response, 202, jobs.create(name, file, options));
        } catch (error) {
          file.remove();
          throw error;
        }
      },
    },
    {
      method: "GET",
      path: "/api/jobs",
      handle: ({ response }) => sendJson(response, 200, { jobs: jobs.list() }),
    },
    {
      method: "GET",
      path: "/api/jobs/{id}",
      handle({ request, response, id }) {
        const { job, version } = find(id);
        const etag = `"${version}-${Date.parse(job.updated_at).toString(36)}"`;
        if (unchanged(request, etag)) response.writeHead(304, { ETag: etag }).end();
        else sendJson(response, 200, job, { ETag: etag });
      },
    },
    {
      method: "POST",
      path: "/api/jobs/{id}/cancel",
      handle({ response, id }) {
        const entry = find(id);
        if (!jobs.cancel(entry)) {
          throw new HttpError(409, `The job cannot be cancelled: it is ${entry.job.status} already.`);
        }
        sendJson(response, 202, entry.job);
      },
    },
    trackRoute("vocals"),
    trackRoute("instrumental"),
  ];
}
