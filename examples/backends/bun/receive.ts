/** Takes the recordings of a new job. */
import { rm } from "node:fs/promises";
import { HttpError } from "./http.ts";
import type { Options, Store, Track } from "./store.ts";

const MAX_PACE_MS = 10_000;
const MAX_TRACKS = 1_000;

function flag(query: URLSearchParams, name: string, fallback: "0" | "1"): boolean {
  const value = query.get(name) ?? fallback;
  if (value !== "0" && value !== "1") throw new HttpError(400, `${name} takes 1 or 0.`);
  return value === "1";
}

function readOptions(query: URLSearchParams): Options {
  const pace = Number(query.get("pace") ?? 0);
  if (!Number.isInteger(pace) || pace < 0 || pace > MAX_PACE_MS) {
    throw new HttpError(400, `pace takes a whole number of milliseconds from 0 to ${MAX_PACE_MS}.`);
  }
  return { pace, fail: flag(query, "fail", "0"), total: flag(query, "total", "1") };
}

async function readRecordings(request: Request): Promise<File[]> {
  let form;
  try {
    form = await request.formData();
  } catch {
    throw new HttpError(400, "The body has to be a form with recordings in the field tracks.");
  }
  const recordings = form.getAll("tracks").filter((one) => typeof one !== "string");
  if (recordings.length === 0) throw new HttpError(400, "The form has no recording in the field tracks.");
  if (recordings.length > MAX_TRACKS) throw new HttpError(400, `A job takes ${MAX_TRACKS} tracks at most.`);
  return recordings as File[];
}

export async function receiveJob(
  store: Store,
  request: Request,
  query: URLSearchParams,
): Promise<{ jobId: number; tracks: Pick<Track, "trackId" | "name">[] }> {
  const options = readOptions(query);
  const recordings = await readRecordings(request);
  const names = recordings.map(({ name }, index) => name || `track ${index + 1}`);
  const { jobId, tracks } = store.create(names, options);
  const paths = tracks.map(({ trackId }) => store.recordingOf(trackId));
  try {
    for (const [index, recording] of recordings.entries()) await Bun.write(paths[index] ?? "", recording);
  } catch (error) {
    await Promise.all(paths.map((path) => rm(path, { force: true })));
    throw error;
  }
  store.enqueue(jobId);
  return { jobId, tracks: tracks.map(({ trackId, name }) => ({ trackId, name })) };
}
