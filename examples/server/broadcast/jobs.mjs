/** Jobs that analyse recordings in batches; each step is told to everybody. */
import { WorkerPool } from "../pool.mjs";

/** @typedef {import("./work.mjs").AnalysisUpdate} AnalysisUpdate */
/** @typedef {import("../form.mjs").FormFile} FormFile */
/** @typedef {{ pace: number, fail: boolean, total: boolean }} Options */
/**
 * @typedef {object} Track
 * @property {string} trackId
 * @property {string} name
 * @property {"pending" | "analyzed" | "failed"} status
 * @property {string} [error]
 * @property {import("../../backends/bun/analysis.mjs").Analysis} [analysis]
 *
 * @typedef {object} Job
 * @property {number} jobId
 * @property {"queued" | "processing" | "completed" | "failed"} status
 * @property {Options} options
 * @property {string} timestamp ISO 8601, of the last change
 * @property {Track[]} tracks
 * @property {FormFile[]} files of the tracks, in their order
 */

const BATCH = 5;
const KEPT_JOBS = 200;
const MAX_WAITING = 1_000;

/** @param {Job} job */
const hasEnded = ({ status }) => status === "completed" || status === "failed";

/** @param {Job} job */
function progressOf({ tracks, options }) {
  /** @param {Track["status"]} wanted */
  const count = (wanted) => tracks.filter(({ status }) => status === wanted).length;
  return {
    tracksProcessed: tracks.length - count("pending"),
    tracksSucceeded: count("analyzed"),
    tracksFailed: count("failed"),
    ...(options.total ? { total: tracks.length } : {}),
  };
}

export class AnalysisJobs {
  /** @type {Map<number, Job>} in the order of creation */
  #jobs = new Map();
  /** @type {WorkerPool<AnalysisUpdate>} */
  #pool;
  #workMs;
  #tell;
  #nextTrack = 1;
  #lastJob = 0;

  /**
   * @param {{ workers: number, workMs: number }} config threads at most; the most that the work on a recording may take
   * @param {(data: Record<string, unknown>) => void} tell
   */
  constructor({ workers, workMs }, tell) {
    this.#pool = new WorkerPool(new URL("./work.mjs", import.meta.url), workers);
    this.#workMs = workMs;
    this.#tell = tell;
  }

  get full() {
    if (this.#pool.waiting >= MAX_WAITING) return true;
    return this.#jobs.size >= KEPT_JOBS && ![...this.#jobs.values()].some(hasEnded);
  }

  /** @param {FormFile[]} files @param {Options} options */
  create(files, options) {
    // The time, so that the ids of a server that has forgotten everything are new ones.
    this.#lastJob = Math.max(Date.now(), this.#lastJob + 1);
    /** @type {Job} */
    const job = {
      jobId: this.#lastJob,
      status: "queued",
      options,
      timestamp: new Date().toISOString(),
      tracks: files.map(({ originalname: name }) => ({
        trackId: String(this.#nextTrack++),
        name,
        status: "pending",
      })),
      files,
    };
    this.#jobs.set(job.jobId, job);
    this.#makeRoom();
    // The caller gets to answer before the work begins.
    setImmediate(() => void this.#carryOut(job));
    return { jobId: job.jobId, tracks: job.tracks.map(({ trackId, name }) => ({ trackId, name })) };
  }

  /** @param {string} id */
  view(id) {
    const job = this.#jobs.get(Number(id));
    if (!job) return undefined;
    const { jobId, status, timestamp, tracks } = job;
    return { jobId, status, progress: progressOf(job), timestamp, tracks };
  }

  close() {
    return this.#pool.close();
  }

  /** @param {Job} job */
  async #carryOut(job) {
    this.#change(job, "processing");
    for (let from = 0; from < job.tracks.length; from += BATCH) {
      const batch = job.tracks.slice(from, from + BATCH);
      await Promise.all(batch.map((track, index) => this.#analyse(job, track, job.files[from + index])));
      this.#change(job, "processing");
      if (!job.options.fail) continue;
      for (const file of job.files) file.remove();
      return this.#change(job, "failed");
    }
    this.#change(job, "completed");
  }

  /**
   * @param {Job} job
   * @param {Track} track
   * @param {FormFile} file
   * @returns {Promise<void>}
   */
  #analyse(job, track, file) {
    const { jobId } = job;
    const { trackId } = track;
    return new Promise((resolve) => {
      /** @param {Partial<Track>} fields */
      const end = (fields) => {
        Object.assign(track, fields);
        file.remove();
        this.#say(job, { jobId, trackId, status: track.status, progress: progressOf(job) });
        resolve();
      };
      this.#say(job, { jobId, trackId, status: "analyzing" });
      this.#pool.run({
        input: { path: file.path, pace: job.options.pace },
        limitMs: this.#workMs + job.options.pace,
        onUpdate: ({ analysis, error }) =>
          end(analysis ? { status: "analyzed", analysis } : { status: "failed", error: error ?? "" }),
        onCrash: (error) => end({ status: "failed", error: `The worker stopped: ${error.message}` }),
      });
    });
  }

  /** @param {Job} job @param {Job["status"]} status */
  #change(job, status) {
    job.status = status;
    this.#say(job, { jobId: job.jobId, status, progress: progressOf(job) });
  }

  /** @param {Job} job @param {Record<string, unknown>} data */
  #say(job, data) {
    job.timestamp = new Date().toISOString();
    this.#tell({ ...data, timestamp: job.timestamp });
  }

  /** Forgets the oldest ended jobs beyond the bound. */
  #makeRoom() {
    for (const [id, job] of this.#jobs) {
      if (this.#jobs.size <= KEPT_JOBS) return;
      if (hasEnded(job)) this.#jobs.delete(id);
    }
  }
}
