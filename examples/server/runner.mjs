/** Has the worker threads carry out jobs, and writes what they report into the store. */
import { WorkerPool } from "./pool.mjs";

/** @typedef {import("./work/worker.mjs").WorkUpdate} WorkUpdate */

const MAX_WAITING = 1_000;

export class Runner {
  /** @type {WorkerPool<WorkUpdate>} */
  #pool;
  #store;
  /** @type {Map<import("./jobs.mjs").Job, import("./pool.mjs").Task<WorkUpdate>>} */
  #tasks = new Map();

  /**
   * @param {import("./jobs.mjs").JobStore} store
   * @param {number} workers
   */
  constructor(store, workers) {
    this.#store = store;
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
      onUpdate: (update) => {
        if (update.done) this.#tasks.delete(job);
        this.#report(job, update, seconds());
      },
      onCrash: (error) => {
        this.#tasks.delete(job);
        this.#fail(job, {
          message: `The worker stopped: ${error.message}`,
          retryable: true,
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
    job.upload?.remove();
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
      job.upload?.remove();
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
    if (!error.retryable) job.upload?.remove();
    this.#store.update(job, { status: "failed", message: error.message, error });
  }
}
