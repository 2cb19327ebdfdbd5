/** Takes the recordings of a new job. */
import { rm } from "node:fs/promises";
import { type BodyLimits, promisedBytes, readBody } from "./body.ts";
import { HttpError } from "./http.ts";
import type { UploadSettings } from "./settings.ts";
import type { Options, Store, Track } from "./store.ts";

const MAX_PACE_MS = 10_000;
const MAX_TRACKS = 1_000;
/** Beside the tracks' own fields there are few. */
const MAX_FIELDS = MAX_TRACKS + 16;
const MAX_NAME = 200;

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

function notAForm(): HttpError {
  return new HttpError(400, "The body has to be a form with recordings in the field tracks.");
}

/** Throws where a form has more fields than a job takes: each of millions of empty ones would become an object. */
function checkFields(body: Buffer, type: string): void {
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(type) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) throw notAForm();
  let count = 0;
  for (let at = body.indexOf(boundary); at >= 0; at = body.indexOf(boundary, at + boundary.length)) {
    count += 1;
    if (count > MAX_FIELDS) throw new HttpError(400, `A job takes ${MAX_TRACKS} tracks at most.`);
  }
}

async function readRecordings(request: Request, limits: BodyLimits): Promise<File[]> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^multipart\/form-data\s*;/i.test(type)) throw notAForm();
  const body = await readBody(request, limits);
  checkFields(body, type);
  let form;
  try {
    form = await new Response(new Uint8Array(body), { headers: { "Content-Type": type } }).formData();
  } catch {
    throw notAForm();
  }
  const recordings = form.getAll("tracks").filter((one) => typeof one !== "string");
  if (recordings.length === 0) throw new HttpError(400, "The form has no recording in the field tracks.");
  if (recordings.length > MAX_TRACKS) throw new HttpError(400, `A job takes ${MAX_TRACKS} tracks at most.`);
  return recordings as File[];
}

export interface NewJob {
  readonly jobId: number;
  readonly tracks: Pick<Track, "trackId" | "name">[];
}

/** Receives uploads: so many at a time, with so many bytes together, and with so many that wait for the worker. */
export class Receiver {
  readonly #store: Store;
  readonly #settings: UploadSettings;
  #open = 0;
  #bytes = 0;

  constructor(store: Store, settings: UploadSettings) {
    this.#store = store;
    this.#settings = settings;
  }

  async receive(request: Request, query: URLSearchParams): Promise<NewJob> {
    const options = readOptions(query);
    const { maxBytes, atATime, bytesAtATime, maxStoredBytes } = this.#settings;
    const size = Math.min(promisedBytes(request) ?? maxBytes, maxBytes);
    if (this.#open >= atATime || this.#bytes + size > bytesAtATime) {
      const text = "The server receives as many uploads as it takes at a time. Send it again in a moment.";
      throw new HttpError(503, text, { "Retry-After": "1" });
    }
    this.#open += 1;
    this.#bytes += size;
    try {
      const recordings = await readRecordings(request, this.#settings);
      if (this.#store.recordedBytes() + size > maxStoredBytes) {
        const text = "As many recordings wait for the worker as the server keeps. Send it again in a minute.";
        throw new HttpError(503, text, { "Retry-After": "60" });
      }
      return await this.#keep(recordings, options);
    } finally {
      this.#open -= 1;
      this.#bytes -= size;
    }
  }

  async #keep(recordings: readonly File[], options: Options): Promise<NewJob> {
    const names = recordings.map(({ name }, index) => name.slice(0, MAX_NAME) || `track ${index + 1}`);
    const { jobId, tracks } = this.#store.create(names, options);
    const paths = tracks.map(({ trackId }) => this.#store.recordingOf(trackId));
    try {
      for (const [index, recording] of recordings.entries()) await Bun.write(paths[index] ?? "", recording);
    } catch (error) {
      await Promise.all(paths.map((path) => rm(path, { force: true })));
      this.#store.forget(jobId);
      throw error;
    }
    this.#store.enqueue(jobId);
    return { jobId, tracks: tracks.map(({ trackId, name }) => ({ trackId, name })) };
  }
}
