/** A few worker threads that take tasks in order. A thread that is cancelled, is too slow or crashes is replaced. */
import { Worker } from "node:worker_threads";

/**
 * @template Update
 * @typedef {object} Task
 * @property {unknown} input structured-cloneable
 * @property {number} limitMs after which the thread is ended, which counts as a crash with a `TimeLimitError`
 * @property {(update: Update) => void} onUpdate called for every message of the thread about this task
 * @property {(error: Error) => void} onCrash the thread died; no update follows
 */

/** A thread may not take all of the memory that the process could have. */
const RESOURCES = { maxOldGenerationSizeMb: 512 };

/** The work took too long; the text is for the person who sent the file. */
export class TimeLimitError extends Error {
  /** @param {number} limitMs */
  constructor(limitMs) {
    super(`The work on this file took more than ${limitMs / 1000} s, the most that it may take.`);
  }
}

/** @template {{ done: boolean }} Update `done` marks the last update of a task */
export class WorkerPool {
  #script;
  #size;
  /** @type {Map<Worker, Task<Update> | null>} */
  #workers = new Map();
  /** @type {Task<Update>[]} */
  #queue = [];
  /** @type {WeakMap<Worker, NodeJS.Timeout>} */
  #limits = new WeakMap();

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
      if (current === task) gone = this.#end(worker);
    }
    this.#next();
    return gone;
  }

  async close() {
    this.#queue = [];
    await Promise.all([...this.#workers.keys()].map((worker) => this.#end(worker)));
  }

  /** Nothing more is heard of it. @param {Worker} worker */
  #end(worker) {
    this.#workers.delete(worker);
    clearTimeout(this.#limits.get(worker));
    return worker.terminate();
  }

  #next() {
    while (this.#queue.length > 0) {
      const worker = this.#idle();
      const task = worker && this.#queue.shift();
      if (!worker || !task) return;
      this.#workers.set(worker, task);
      this.#limits.set(
        worker,
        setTimeout(() => this.#tooSlow(worker, task), task.limitMs),
      );
      worker.postMessage(task.input);
    }
  }

  /** @param {Worker} worker @param {Task<Update>} task */
  #tooSlow(worker, task) {
    void this.#end(worker);
    task.onCrash(new TimeLimitError(task.limitMs));
    this.#next();
  }

  #idle() {
    for (const [worker, task] of this.#workers) if (task === null) return worker;
    return this.#workers.size < this.#size ? this.#spawn() : undefined;
  }

  #spawn() {
    const worker = new Worker(this.#script, { resourceLimits: RESOURCES });
    this.#workers.set(worker, null);
    worker.on("message", (/** @type {Update} */ update) => {
      const task = this.#workers.get(worker);
      if (!task) return;
      if (update.done) {
        clearTimeout(this.#limits.get(worker));
        this.#workers.set(worker, null);
      }
      task.onUpdate(update);
      if (update.done) this.#next();
    });
    worker.on("error", (error) => {
      const task = this.#workers.get(worker);
      if (!this.#workers.has(worker)) return;
      void this.#end(worker);
      task?.onCrash(error);
      this.#next();
    });
    return worker;
  }
}
