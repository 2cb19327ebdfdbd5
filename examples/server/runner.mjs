/** Has the worker threads carry out jobs, and writes what they report into the store. */
import { TimeLimitError, WorkerPool } from "./pool.mjs";

/** @typedef {import("./work/worker.mjs").WorkUpdate} WorkUpdate */

const MAX_WAITING = 1_000;
/** A paced job takes at least its pace for each of its stages. */
const STAGES = 4;

export class Runner {
  /** @type {WorkerPool<WorkUpdate>} */
  #pool;
  #store;
  /** @type {Map<import("./jobs.mjs").Job, import("./pool.mjs").Task<WorkUpdate>>} */
  #tasks = new Map();

  #workMs;

  /**
   * @param {import("./jobs.mjs").JobStore} store
   * @param {{ workers: number, workMs: number }} config `workMs`: the most that the work on a file may take
   */
  constructor(store, { workers, workMs }) {
    this.#store = store;
    this.#workMs = workMs;
    this.#pool = new WorkerPool(new URL("./work/worker.mjs", import.meta.url), workers);
  }

  get full() {
    return this.#pool.waiting >= MAX_WAITING;
  }

  /** @param {import("./jobs.mjs").Job} job with an upload */
  start(job) {
    const { upload } = job;
    if (!upload) return;
    const began = performance.now();
    /** @type {import("./work/worker.mjs").WorkInput} */
    const input = {
      work: upload.work,
      path: upload.path,
      name: upload.name,
      contentType: upload.contentType,
      pace: upload.pace,
      fail: job.attempt === 1 ? upload.fail : undefined,
    };
    const seconds = () => Math.round(performance.now() - began) / 1000;
    /** @type {import("./pool.mjs").Task<WorkUpdate>} */
    const task = {
      input,
      limitMs: this.#workMs + STAGES * upload.pace,
      onUpdate: (update) => {
        if (update.done) this.#tasks.delete(job);
        this.#report(job, update, seconds());
      },
      onCrash: (error) => {
        this.#tasks.delete(job);
        this.#fail(job, {
          message: `The worker stopped: ${error.message}`,
          retryable: !(error instanceof TimeLimitError),
          stage: job.stage,
        });
      },
    };
    this.#tasks.set(job, task);
    this.#pool.run(task);
  }

  /** @param {import("./jobs.mjs").Job} job */
  cancel(job) {
    const task = this.#tasks.get(job);
    this.#tasks.delete(job);
    if (task) void this.#pool.cancel(task);
    this.#store.release(job);
  }

  close() {
    return this.#pool.close();
  }

  /**
   * @param {import("./jobs.mjs").Job} job
   * @param {WorkUpdate} update
   * @param {number} durationSeconds
   */
  #report(job, update, durationSeconds) {
    if (update.type === "progress") {
      const { stage, message } = update;
      this.#store.update(job, { status: "running", progress: update.progress, stage, message });
    } else if (update.type === "failed") {
      this.#fail(job, update.error);
    } else {
      this.#store.release(job);
      const isScore = "score" in update;
      const result = isScore
        ? update.score
        : JSON.stringify({ job_id: job.id, ...update.result, duration_seconds: durationSeconds });
      const resultUrl = `/api/v1/${isScore ? "scores" : "results"}/${encodeURIComponent(job.id)}`;
      const message = "Done";
      this.#store.update(job, {
        status: "completed",
        progress: 100,
        message,
        resultUrl,
        durationSeconds,
        result,
      });
    }
  }

  /**
   * @param {import("./jobs.mjs").Job} job
   * @param {import("./jobs.mjs").JobFailure} error
   */
  #fail(job, error) {
    if (!error.retryable) this.#store.release(job);
    this.#store.update(job, { status: "failed", message: error.message, error });
  }
}
