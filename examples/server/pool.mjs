/** A few worker threads that take tasks in order. A thread that is cancelled or crashes is replaced. */
import { Worker } from "node:worker_threads";

/**
 * @template Update
 * @typedef {object} Task
 * @property {unknown} input structured-cloneable
 * @property {(update: Update) => void} onUpdate called for every message of the thread about this task
 * @property {(error: Error) => void} onCrash the thread died; no update follows
 */

/** @template {{ done: boolean }} Update `done` marks the last update of a task */
export class WorkerPool {
  #script;
  #size;
  /** @type {Map<Worker, Task<Update> | null>} */
  #workers = new Map();
  /** @type {Task<Update>[]} */
  #queue = [];

  /**
   * @param {URL} script
   * @param {number} size threads at most
   */
  constructor(script, size) {
    this.#script = script;
    this.#size = size;
  }

  get waiting() {
    return this.#queue.length;
  }

  /** @param {Task<Update>} task */
  run(task) {
    this.#queue.push(task);
    this.#next();
  }

  /**
   * Stops a task at once, whatever it is doing; nothing more is heard of it.
   * @param {Task<Update>} task
   * @returns {Promise<unknown>} when its thread, if it had one, is gone
   */
  cancel(task) {
    this.#queue = this.#queue.filter((one) => one !== task);
    /** @type {Promise<unknown>} */
    let gone = Promise.resolve();
    for (const [worker, current] of this.#workers) {
      if (current !== task) continue;
      this.#workers.delete(worker);
      gone = worker.terminate();
    }
    this.#next();
    return gone;
  }

  async close() {
    const workers = [...this.#workers.keys()];
    this.#queue = [];
    this.#workers.clear();
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  #next() {
    while (this.#queue.length > 0) {
      const worker = this.#idle();
      const task = worker && this.#queue.shift();
      if (!worker || !task) return;
      this.#workers.set(worker, task);
      worker.postMessage(task.input);
    }
  }

  #idle() {
    for (const [worker, task] of this.#workers) if (task === null) return worker;
    return this.#workers.size < this.#size ? this.#spawn() : undefined;
  }

  #spawn() {
    const worker = new Worker(this.#script);
    this.#workers.set(worker, null);
    worker.on("message", (/** @type {Update} */ update) => {
      const task = this.#workers.get(worker);
      if (!task) return;
      if (update.done) this.#workers.set(worker, null);
      task.onUpdate(update);
      if (update.done) this.#next();
    });
    worker.on("error", (error) => {
      const task = this.#workers.get(worker);
      if (!this.#workers.delete(worker)) return;
      task?.onCrash(error);
      this.#next();
    });
    return worker;
  }
}
