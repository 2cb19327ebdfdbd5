/** The jobs of the worker, one after the other: imports and enrichments. Tells all browsers how they fare. */
import { randomUUID } from "node:crypto";

/** @typedef {"queued" | "running" | "completed" | "failed" | "cancelled"} Status */
/**
 * @typedef {object} Job
 * @property {string} jobId
 * @property {"import" | "enrichment"} kind
 * @property {Status} status
 * @property {string} phase "" outside phases
 * @property {{ processed: number, succeeded: number, failed: number, total: number }} progress
 * @property {string} [error]
 * @property {string} timestamp ISO 8601, of the last change
 */
/** @typedef {(job: Job, signal: AbortSignal) => Promise<void>} Work */
/**
 * @typedef {object} Task
 * @property {Job["kind"]} kind
 * @property {number} total
 * @property {Work} work
 * @property {number} pausesMs how long the work waits on purpose
 * @property {() => void} [release] called once, when the job has ended in whichever way
 */
/** @typedef {Task & { job: Job }} Entry */

const KEPT_JOBS = 1_000;
/** A waiting import keeps its file. */
const MAX_WAITING = 100;
const ENDED = new Set(["completed", "failed", "cancelled"]);

/** @param {Job} job */
export const hasEnded = (job) => ENDED.has(job.status);

export class Jobs {
  /** @type {Map<string, Job>} in the order of creation */
  #jobs = new Map();
  /** @type {Entry[]} */
  #queue = [];
  /** @type {{ job: Job, abort: AbortController } | undefined} */
  #current;
  #broadcast;
  #closed = false;
  #workMs;

  /**
   * @param {import("./broadcaster.mjs").Broadcast} broadcast
   * @param {number} workMs the most that the work of one job may take, beside its pauses
   */
  constructor(broadcast, workMs) {
    this.#broadcast = broadcast;
    this.#workMs = workMs;
  }

  get list() {
    return [...this.#jobs.values()];
  }

  /** @param {string} jobId */
  get(jobId) {
    return this.#jobs.get(jobId);
  }

  /** @param {Task} task */
  add(task) {
    const { kind, total } = task;
    /** @type {Job} */
    const job = {
      jobId: randomUUID(),
      kind,
      status: "queued",
      phase: "",
      progress: { processed: 0, succeeded: 0, failed: 0, total },
      timestamp: new Date().toISOString(),
    };
    this.#jobs.set(job.jobId, job);
    this.#makeRoom();
    this.#queue.push({ ...task, job });
    this.#tell(job, "job_status_changed", { status: job.status });
    // The caller gets to answer before the work begins.
    setImmediate(() => void this.#next());
    return job;
  }

  /** Too many wait. */
  get full() {
    return this.#queue.length >= MAX_WAITING;
  }

  /**
   * @param {Job} job
   * @returns {boolean} whether it had not ended yet
   */
  cancel(job) {
    if (hasEnded(job)) return false;
    const waiting = this.#queue.find((one) => one.job === job);
    this.#queue = this.#queue.filter((one) => one !== waiting);
    waiting?.release?.();
    if (this.#current?.job === job) this.#current.abort.abort();
    this.#change(job, "cancelled");
    return true;
  }

  close() {
    this.#closed = true;
    this.#queue = [];
    this.#current?.abort.abort();
  }

  async #next() {
    const next = this.#current ? undefined : this.#queue.shift();
    if (!next || this.#closed) return;
    const { job, work, release, pausesMs } = next;
    const abort = new AbortController();
    this.#current = { job, abort };
    const began = performance.now();
    this.#change(job, "running");
    if (job.kind === "enrichment") {
      this.#tell(job, "enrichment_job_started", { total: job.progress.total });
    }
    const limitMs = this.#workMs + pausesMs;
    const limit = setTimeout(() => {
      this.#failed(job, `The work took more than ${limitMs / 1000} s, the most that it may take.`);
      abort.abort();
    }, limitMs);
    try {
      await work(job, abort.signal);
      if (!hasEnded(job)) this.#completed(job, Math.round(performance.now() - began));
    } catch (error) {
      if (!abort.signal.aborted) this.#failed(job, error instanceof Error ? error.message : String(error));
    }
    clearTimeout(limit);
    release?.();
    this.#current = undefined;
    void this.#next();
  }

  /** @param {Job} job @param {number} durationMs */
  #completed(job, durationMs) {
    job.phase = "";
    this.#change(job, "completed");
    if (job.kind === "enrichment") {
      this.#tell(job, "enrichment_job_completed", { ...job.progress, durationMs });
    }
  }

  /** @param {Job} job @param {string} error */
  #failed(job, error) {
    job.error = error;
    this.#change(job, "failed", { error });
    if (job.kind === "enrichment") this.#tell(job, "enrichment_job_failed", { error });
  }

  /** @param {Job} job @param {Status} status @param {Record<string, unknown>} [more] */
  #change(job, status, more = {}) {
    const oldStatus = job.status;
    job.status = status;
    this.#tell(job, "job_status_changed", { oldStatus, status, ...more });
  }

  /** @param {Job} job @param {string} event @param {Record<string, unknown>} fields */
  #tell(job, event, fields) {
    job.timestamp = new Date().toISOString();
    this.#broadcast(event, { jobId: job.jobId, ...fields, timestamp: job.timestamp });
  }

  /** Forgets the oldest ended jobs beyond the bound. */
  #makeRoom() {
    for (const [id, job] of this.#jobs) {
      if (this.#jobs.size <= KEPT_JOBS) return;
      if (hasEnded(job)) this.#jobs.delete(id);
    }
  }
}
