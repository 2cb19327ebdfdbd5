/**
 * Jobs and who watches them: holds the state of each job and publishes its changes to watchers.
 * It does no work on files and knows nothing of sockets or HTTP.
 */
import { randomUUID } from "node:crypto";

/** @typedef {"queued" | "running" | "completed" | "failed" | "cancelled"} Status */
/** @typedef {{ message: string, retryable: boolean, stage?: string }} JobFailure */
/**
 * @typedef {object} Upload
 * @property {import("./work/stages.mjs").Work} work what is done with the file
 * @property {string} path temporary file
 * @property {string} name file name as the user knows it
 * @property {string} contentType
 * @property {number} size bytes
 * @property {number} pace least duration of a stage, ms
 * @property {string | undefined} fail stage in which the first attempt fails
 * @property {() => void} remove deletes the temporary file, more than once without harm
 */
/**
 * @typedef {object} Job
 * @property {string} id
 * @property {Status} status
 * @property {number} progress 0–100
 * @property {string} stage
 * @property {string} message
 * @property {number} attempt counted from 1
 * @property {string} [resultUrl]
 * @property {number} [durationSeconds]
 * @property {JobFailure} [error]
 * @property {string} timestamp ISO 8601, of the last change
 * @property {number} changedAt the same in ms, for expiry
 * @property {number} version grows with every change; makes the ETag
 * @property {string} [result] text served under resultUrl
 * @property {Upload | undefined} [upload]
 */
/**
 * @typedef {object} Watcher
 * @property {(text: string, terminal: boolean, binary: boolean) => void} deliver one stream event as JSON text
 * @property {(data: Buffer, binary: boolean) => void} frame one whole WebSocket frame, sent as it is
 * @property {(code: number, reason: string) => void} close ends the connection with a close code
 */

const TERMINAL = new Set(["completed", "failed", "cancelled"]);
const MAX_JOBS = 10_000;
const MAX_AGE_MS = 60 * 60 * 1000;
const MAX_RESULT_BYTES = 128 * 1024 * 1024;
const SWEEP_MS = 60 * 1000;

/** @param {Job} job */
export const isTerminal = (job) => TERMINAL.has(job.status);

/**
 * The stream event that tells a job's present state.
 * @param {Job} job
 */
export function streamEvent(job) {
  const { id: job_id, timestamp, attempt } = job;
  switch (job.status) {
    case "completed":
      return {
        type: "completed",
        job_id,
        progress: 100,
        result_url: job.resultUrl,
        duration_seconds: job.durationSeconds,
        timestamp,
        attempt,
      };
    case "failed":
      return { type: "error", job_id, error: job.error, timestamp, attempt };
    case "cancelled":
      return { type: "cancelled", job_id, timestamp, attempt };
    default:
      return {
        type: "progress",
        job_id,
        progress: job.progress,
        stage: job.stage,
        message: job.message,
        timestamp,
        attempt,
      };
  }
}

/**
 * What `GET /api/v1/jobs/{id}` answers.
 * @param {Job} job
 */
export function jobView(job) {
  return {
    job_id: job.id,
    status: job.status,
    progress: job.progress,
    stage: job.stage,
    message: job.message,
    attempt: job.attempt,
    result_url: job.resultUrl,
    duration_seconds: job.durationSeconds,
    error: job.error,
    timestamp: job.timestamp,
  };
}

export class JobStore {
  /** @type {Map<string, Job>} in the order of creation */
  #jobs = new Map();
  /** @type {Map<string, Set<Watcher>>} */
  #watchers = new Map();
  /** @type {Set<Watcher>} watchers of every job */
  shared = new Set();
  #resultBytes = 0;
  #sweeper = setInterval(() => this.#expire(Date.now() - MAX_AGE_MS), SWEEP_MS).unref();

  get size() {
    return this.#jobs.size;
  }

  /** True when neither a free place nor a finished job that could give way is left. */
  get full() {
    if (this.#jobs.size < MAX_JOBS) return false;
    for (const job of this.#jobs.values()) if (isTerminal(job)) return false;
    return true;
  }

  /** @param {string} id */
  get(id) {
    return this.#jobs.get(id);
  }

  /**
   * @param {Partial<Job>} [fields]
   * @returns {Job}
   */
  create(fields = {}) {
    const now = Date.now();
    /** @type {Job} */
    const job = {
      id: randomUUID(),
      status: "queued",
      progress: 0,
      stage: "queued",
      message: "Waiting for a free worker",
      attempt: 1,
      timestamp: new Date(now).toISOString(),
      changedAt: now,
      version: 0,
      ...fields,
    };
    this.#drop(job.id);
    this.#jobs.set(job.id, job);
    this.#makeRoom(job);
    return job;
  }

  /**
   * Changes a job without telling anybody.
   * @param {Job} job
   * @param {Partial<Job>} fields
   */
  apply(job, fields) {
    if (fields.result !== undefined) {
      this.#resultBytes += fields.result.length - (job.result?.length ?? 0);
    }
    Object.assign(job, fields);
    job.version += 1;
    job.changedAt = Date.now();
    job.timestamp = new Date(job.changedAt).toISOString();
    if (fields.result !== undefined) this.#makeRoom(job);
  }

  /**
   * Changes a job and tells its watchers.
   * @param {Job} job
   * @param {Partial<Job>} fields
   */
  update(job, fields) {
    this.apply(job, fields);
    this.announce(job);
  }

  /** @param {Job} job */
  announce(job) {
    const text = JSON.stringify(streamEvent(job));
    const terminal = isTerminal(job);
    for (const watcher of [...this.watchersOf(job.id)]) watcher.deliver(text, terminal, false);
    for (const watcher of this.shared) watcher.deliver(text, false, false);
  }

  /**
   * @param {string} id
   * @returns {ReadonlySet<Watcher>}
   */
  watchersOf(id) {
    return this.#watchers.get(id) ?? NOBODY;
  }

  /**
   * @param {string | null} id null for every job
   * @param {Watcher} watcher
   * @returns {() => void} ends the subscription
   */
  watch(id, watcher) {
    if (id === null) {
      this.shared.add(watcher);
      return () => this.shared.delete(watcher);
    }
    const set = this.#watchers.get(id) ?? new Set();
    this.#watchers.set(id, set.add(watcher));
    return () => {
      set.delete(watcher);
      if (set.size === 0 && this.#watchers.get(id) === set) this.#watchers.delete(id);
    };
  }

  /** Removes the file of a job, which is then never worked on again. @param {Job} job */
  release(job) {
    job.upload?.remove();
    job.upload = undefined;
  }

  /**
   * Removes the file of the oldest failed job: it can no longer be retried.
   * @returns {boolean} whether there was one
   */
  releaseOldest() {
    for (const job of this.#jobs.values()) {
      if (!isTerminal(job) || !job.upload) continue;
      this.release(job);
      return true;
    }
    return false;
  }

  close() {
    clearInterval(this.#sweeper);
    for (const id of [...this.#jobs.keys()]) this.#drop(id);
  }

  /**
   * Forgets the oldest finished jobs beyond the bounds.
   * @param {Job} keep
   */
  #makeRoom(keep) {
    for (const job of this.#jobs.values()) {
      if (this.#jobs.size <= MAX_JOBS && this.#resultBytes <= MAX_RESULT_BYTES) return;
      if (isTerminal(job) && job !== keep) this.#drop(job.id);
    }
  }

  /** @param {number} before ms */
  #expire(before) {
    for (const job of this.#jobs.values()) if (job.changedAt < before) this.#drop(job.id);
  }

  /** @param {string} id */
  #drop(id) {
    const job = this.#jobs.get(id);
    if (!job) return;
    this.#resultBytes -= job.result?.length ?? 0;
    this.release(job);
    this.#jobs.delete(id);
  }
}

/** @type {ReadonlySet<Watcher>} */
const NOBODY = new Set();
