/** The karaoke jobs: their states, the work on them, and the event that tells of each change. */
import { randomUUID } from "node:crypto";
import { WorkerPool } from "../pool.mjs";

/** @typedef {"queued" | "processing" | "completed" | "failed" | "cancelled"} Status */
/** @typedef {"vocals" | "instrumental"} Track */
/**
 * @typedef {object} Job what clients get to see
 * @property {string} id
 * @property {string} filename
 * @property {string} title
 * @property {Status} status
 * @property {number} progress 0–100
 * @property {string} status_message
 * @property {string | null} error
 * @property {string | null} result_url
 * @property {string} created_at ISO 8601
 * @property {string} updated_at ISO 8601
 */
/**
 * @typedef {object} Entry
 * @property {Job} job
 * @property {number} version grows with every change; makes the ETag
 * @property {import("../upload.mjs").StoredFile} upload the recording
 * @property {Record<Track, string>} tracks paths of the results
 * @property {import("../pool.mjs").Task<import("./work.mjs").SplitUpdate>} task
 */

const MAX_JOBS = 200;
/** A paced job takes at least its pace for each of so many steps. */
const STEPS = 20;

/** @type {Record<Status, string>} */
const EVENTS = {
  queued: "job_updated",
  processing: "job_updated",
  completed: "job_completed",
  failed: "job_failed",
  cancelled: "job_cancelled",
};

/** @param {Job} job */
const hasEnded = (job) => job.status !== "queued" && job.status !== "processing";

export class KaraokeJobs {
  /** @type {Map<string, Entry>} in the order of creation */
  #entries = new Map();
  /** @type {WorkerPool<import("./work.mjs").SplitUpdate>} */
  #pool;
  #workMs;
  #uploads;
  #announce;

  /**
   * @param {{ workers: number, workMs: number }} config threads at most; the most that the work on a recording may take
   * @param {import("../upload.mjs").UploadFolder} uploads
   * @param {(event: string, job: Job) => void} announce
   */
  constructor({ workers, workMs }, uploads, announce) {
    this.#pool = new WorkerPool(new URL("./work.mjs", import.meta.url), workers);
    this.#workMs = workMs;
    this.#uploads = uploads;
    this.#announce = announce;
    uploads.whenFull(() => this.#forgetOldest());
  }

  /** True when all places are taken by jobs that have not ended. */
  get full() {
    const jobs = this.list();
    return jobs.length >= MAX_JOBS && !jobs.some(hasEnded);
  }

  /** @param {string} id */
  get(id) {
    return this.#entries.get(id);
  }

  list() {
    return [...this.#entries.values()].map((entry) => entry.job);
  }

  /**
   * Throws 503 where there is no room for its results.
   * @param {string} filename
   * @param {import("../upload.mjs").StoredFile} upload the recording
   * @param {{ pace: number, fail: boolean }} options
   */
  create(filename, upload, options) {
    const id = randomUUID();
    const now = new Date().toISOString();
    const tracks = { vocals: this.#uploads.newPath(), instrumental: this.#uploads.newPath() };
    // For both: neither has more channels than the recording.
    this.#uploads.reserve(tracks.vocals, 2 * upload.size);
    /** @type {Entry} */
    const entry = {
      job: {
        id,
        filename,
        title: filename.replace(/(?<=.)\.[^.]*$/, ""),
        status: "queued",
        progress: 0,
        status_message: "Waiting for a worker",
        error: null,
        result_url: null,
        created_at: now,
        updated_at: now,
      },
      version: 0,
      upload,
      tracks,
      task: {
        input: { path: upload.path, tracks, ...options },
        limitMs: this.#workMs + STEPS * options.pace,
        onUpdate: (update) => this.#report(entry, update),
        onCrash: (error) => this.#fail(entry, `The worker stopped: ${error.message}`),
      },
    };
    this.#entries.set(id, entry);
    this.#makeRoom();
    this.#announce("job_created", entry.job);
    this.#pool.run(entry.task);
    return entry.job;
  }

  /**
   * @param {Entry} entry
   * @returns {boolean} whether the job had not ended yet
   */
  cancel(entry) {
    if (hasEnded(entry.job)) return false;
    this.#removeFiles(entry);
    // The thread may have been about to open them.
    void this.#pool.cancel(entry.task).then(() => this.#removeFiles(entry));
    this.#change(entry, { status: "cancelled", status_message: "Cancelled" });
    return true;
  }

  close() {
    return this.#pool.close();
  }

  /**
   * @param {Entry} entry
   * @param {import("./work.mjs").SplitUpdate} update
   */
  #report(entry, update) {
    if (update.type === "progress") {
      const { progress, message } = update;
      this.#change(entry, { status: "processing", progress, status_message: message });
    } else if (update.type === "failed") {
      this.#fail(entry, update.message);
    } else {
      entry.upload.remove();
      this.#change(entry, {
        status: "completed",
        progress: 100,
        status_message: "Vocals and instrumental are ready",
        result_url: `/api/jobs/${entry.job.id}/instrumental.wav`,
      });
    }
  }

  /**
   * @param {Entry} entry
   * @param {string} error
   */
  #fail(entry, error) {
    this.#removeFiles(entry);
    this.#change(entry, { status: "failed", status_message: "Failed", error });
  }

  /**
   * @param {Entry} entry
   * @param {Partial<Job>} fields
   */
  #change(entry, fields) {
    entry.job = { ...entry.job, ...fields, updated_at: new Date().toISOString() };
    entry.version += 1;
    this.#announce(EVENTS[entry.job.status], entry.job);
  }

  /** Forgets the oldest ended jobs beyond the bound. */
  #makeRoom() {
    while (this.#entries.size > MAX_JOBS && this.#forgetOldest());
  }

  /** Forgets the oldest job that has ended, and its files; whether there was one. */
  #forgetOldest() {
    for (const [id, entry] of this.#entries) {
      if (!hasEnded(entry.job)) continue;
      this.#removeFiles(entry);
      this.#entries.delete(id);
      return true;
    }
    return false;
  }

  /** @param {Entry} entry */
  #removeFiles({ upload, tracks }) {
    upload.remove();
    for (const path of [tracks.vocals, tracks.instrumental]) this.#uploads.remove(path);
  }
}
