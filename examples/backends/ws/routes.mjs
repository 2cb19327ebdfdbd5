/** The HTTP routes of playlists: import, enrichment, state, live updates. */
import { hasEnded } from "./jobs.mjs";
import { countRows } from "./rows.mjs";
import { HttpError, readJson, sendJson } from "../../server/responses.mjs";
import { enriching, importing, pausesOf } from "./worker.mjs";

/** @typedef {import("../../server/http.mjs").Route} Route */
/**
 * @typedef {object} Parts
 * @property {import("./library.mjs").Library} library
 * @property {import("./jobs.mjs").Jobs} jobs
 * @property {import("./broadcaster.mjs").Broadcaster} broadcaster
 * @property {import("../../server/upload.mjs").UploadFolder} uploads
 */

const MAX_PACE_MS = 10_000;
const MAX_NAME = 200;

/** @param {URL} url */
function testOptions(url) {
  const pace = Number(url.searchParams.get("pace") ?? 0);
  if (!Number.isInteger(pace) || pace < 0 || pace > MAX_PACE_MS) {
    throw new HttpError(400, `pace takes a whole number of milliseconds from 0 to ${MAX_PACE_MS}.`);
  }
  const fail = url.searchParams.get("fail") ?? "0";
  if (fail !== "0" && fail !== "1") throw new HttpError(400, "fail takes 1 or 0.");
  return { pace, fail: fail === "1" };
}

/** @param {any} body */
function readUpdates(body) {
  const { name, followers, ...others } = body ?? {};
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    throw new HttpError(400, `A playlist has no "${unknown}" to change; it has name and followers.`);
  }
  if (name !== undefined && (typeof name !== "string" || name === "" || name.length > MAX_NAME)) {
    throw new HttpError(400, `name takes a text of 1 to ${MAX_NAME} characters.`);
  }
  if (followers !== undefined && !(Number.isSafeInteger(followers) && followers >= 0)) {
    throw new HttpError(400, "followers takes a whole number, 0 or more.");
  }
  if (name === undefined && followers === undefined)
    throw new HttpError(400, "Give name, followers or both.");
  return { name, followers };
}

/** @param {Parts} parts @returns {Route[]} */
export function playlistRoutes({ library, jobs, broadcaster, uploads }) {
  /** @param {string} id */
  const playlist = (id) => {
    const found = library.get(id);
    if (!found) throw new HttpError(404, `There is no playlist ${id}.`);
    return found;
  };
  /** @param {string} id */
  const job = (id) => {
    const found = jobs.get(id);
    if (!found) throw new HttpError(404, `There is no job ${id}; it may have been forgotten.`);
    return found;
  };
  /** @param {import("./library.mjs").Playlist} found */
  const view = (found) => {
    const { id, playlistId, name, followers } = found;
    return { id, playlistId, name, followers, metrics: library.metrics(found) };
  };
  const { broadcast } = broadcaster;
  const refuseWhenFull = () => {
    if (!library.full && !jobs.full) return;
    if (jobs.full) throw new HttpError(503, "Too many jobs are waiting; try again in a few seconds.");
    throw new HttpError(507, "The library is full; start the server again to empty it.");
  };

  return [
    {
      method: "POST",
      path: "/api/playlists/import",
      async handle({ request, response, url }) {
        const { pace, fail } = testOptions(url);
        refuseWhenFull();
        const file = await uploads.receive(request);
        const context = { library, broadcast, pace };
        /** @type {import("./library.mjs").Track[]} */
        const tracks = [];
        let total;
        try {
          total = await countRows(file.path);
        } catch (error) {
          file.remove();
          throw error;
        }
        const work = importing(context, file.path, tracks);
        const pausesMs = pausesOf(total, pace);
        const { jobId: importId } = jobs.add({ kind: "import", total, work, pausesMs, release: file.remove });
        const enrichment = enriching(context, tracks, { fail });
        const { jobId } = jobs.add({ kind: "enrichment", total, work: enrichment, pausesMs });
        sendJson(response, 202, { importId, jobId, total });
      },
    },
    {
      method: "POST",
      path: "/api/playlists/{id}/enrich",
      handle({ response, url, id }) {
        const { pace, fail } = testOptions(url);
        refuseWhenFull();
        const { tracks } = playlist(id);
        const work = enriching({ library, broadcast, pace }, tracks, { fail });
        const total = tracks.length;
        const { jobId } = jobs.add({ kind: "enrichment", total, work, pausesMs: pausesOf(total, pace) });
        sendJson(response, 202, { jobId, total });
      },
    },
    {
      method: "POST",
      path: "/api/playlists/{id}/refresh",
      handle({ response, id }) {
        const found = playlist(id);
        if (found.tracks.length === 0) library.failed(id, "The playlist has no tracks.");
        else library.metricsChanged(found);
        sendJson(response, 200, view(found));
      },
    },
    {
      method: "POST",
      path: "/api/playlists/{id}",
      async handle({ request, response, id }) {
        const found = playlist(id);
        library.update(found, readUpdates(await readJson(request)));
        library.log("playlist_changed", `Changed ${found.name}`, { playlistId: id });
        sendJson(response, 200, view(found));
      },
    },
    {
      method: "GET",
      path: "/api/playlists",
      handle: ({ response }) => sendJson(response, 200, { playlists: library.playlists.map(view) }),
    },
    {
      method: "GET",
      path: "/api/playlists/{id}",
      handle({ response, id }) {
        const found = playlist(id);
        sendJson(response, 200, { ...view(found), tracks: found.tracks });
      },
    },
    {
      method: "GET",
      path: "/api/enrichment/jobs",
      handle: ({ response }) => sendJson(response, 200, { jobs: jobs.list }),
    },
    {
      method: "GET",
      path: "/api/enrichment/jobs/{id}",
      handle: ({ response, id }) => sendJson(response, 200, job(id)),
    },
    {
      method: "POST",
      path: "/api/enrichment/jobs/{id}/cancel",
      handle({ response, id }) {
        const found = job(id);
        if (hasEnded(found)) throw new HttpError(409, `The job is ${found.status} already.`);
        jobs.cancel(found);
        sendJson(response, 202, found);
      },
    },
    {
      method: "GET",
      path: "/api/activity",
      handle: ({ response }) => sendJson(response, 200, { activity: library.activity }),
    },
    {
      method: "GET",
      path: "/api/analytics",
      handle: ({ response }) => sendJson(response, 200, library.analytics()),
    },
  ];
}
