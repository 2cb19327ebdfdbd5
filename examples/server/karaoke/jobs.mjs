/** The karaoke jobs: their states, the work on them, and the event that tells of each change. */
import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
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
 * @property {string} upload path of the recording
 * @property {Record<Track, string>} tracks paths of the results
 * @property {import("../pool.mjs").Task<import("./work.mjs").SplitUpdate>} task
 */

const MAX_JOBS = 200;

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
  #announce;

  /**
   * @param {number} workers threads at most
   * @param {(event: string, job: Job) => void} announce
   */
  constructor(workers, announce) {
    this.#pool = new WorkerPool(new URL("./work.mjs", import.meta.url), workers);
    this.#announce = announce;
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
   * @param {string} filename
   * @param {string} upload path of the recording
   * @param {{ pace: number, fail: boolean }} options
   */
  create(filename, upload, options) {
    const id = randomUUID();
    const now = new Date().toISOString();
    const tracks = { vocals: `${upload}.vocals`, instrumental: `${upload}.instrumental` };
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
        input: { path: upload, tracks, ...options },
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
      rmSync(entry.upload, { force: true });
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
    for (const [id, entry] of this.#entries) {
      if (this.#entries.size <= MAX_JOBS) return;
      if (!hasEnded(entry.job)) continue;
      this.#removeFiles(entry);
      this.#entries.delete(id);
    }
  }

  /** @param {Entry} entry */
  #removeFiles({ upload, tracks }) {
    for (const path of [upload, tracks.vocals, tracks.instrumental]) rmSync(path, { force: true });
  }
}
