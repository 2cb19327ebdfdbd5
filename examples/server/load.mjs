/** Emits events of synthetic jobs at an exact rate, for benchmarks. One run at a time. */
import { HttpError, readJson, sendJson } from "./responses.mjs";

/**
 * @typedef {object} LoadOptions
 * @property {number} jobs
 * @property {number} rate events a second over all jobs
 * @property {number} frame events in one WebSocket frame; above 1 the frame is a JSON array
 * @property {number} seconds
 * @property {number} delay ms before the first event, for clients that connect to the new jobs first
 * @property {boolean} binary
 * @property {string} prefix of the job ids
 */

const STAGE = "transcription";
const MESSAGE = "Transcribing the vocals, bar by bar";
/** Progress of the events; the final 100 belongs to `completed`. In hundredths, so that no float is formatted. */
const HIGHEST = 9_900;
/** Frames sent at once before sockets get a turn. */
const BURST = 500;

class LoadRun {
  sent = 0;
  frames = 0;
  running = true;
  #store;
  #options;
  /** @type {import("./jobs.mjs").Job[]} */
  #jobs;
  /** Constant beginnings of the jobs' events. @type {string[]} */
  #heads;
  #total;
  #eventsPerJob;
  #began;
  #stamp = "";
  /** @type {NodeJS.Timeout} */
  #timer;

  /**
   * @param {import("./jobs.mjs").JobStore} store
   * @param {LoadOptions} options
   */
  constructor(store, options) {
    this.#store = store;
    this.#options = options;
    this.#jobs = Array.from({ length: options.jobs }, (_, index) =>
      store.create({ id: `${options.prefix}-${index}`, status: "running", stage: STAGE, message: MESSAGE }),
    );
    this.#heads = this.#jobs.map(
      (job) => `{"type":"progress","job_id":${JSON.stringify(job.id)},"progress":`,
    );
    this.#total = Math.floor(options.rate * options.seconds);
    this.#eventsPerJob = Math.max(1, Math.ceil(this.#total / options.jobs));
    this.#began = performance.now() + options.delay;
    this.#timer = setTimeout(() => this.#tick(), options.delay);
  }

  view() {
    const { jobs, rate, frame, seconds, binary, prefix } = this.#options;
    return {
      running: this.running,
      sent: this.sent,
      total: this.#total,
      frames: this.frames,
      options: { jobs, rate, frame, seconds, binary, prefix },
      jobs: Object.fromEntries(this.#jobs.map((job) => [job.id, job.status])),
    };
  }

  close() {
    clearTimeout(this.#timer);
    this.running = false;
  }

  #tick() {
    const { rate, frame } = this.#options;
    const elapsed = performance.now() - this.#began;
    const due = Math.min(this.#total, Math.floor((elapsed * rate) / 1000));
    this.#stamp = new Date().toISOString();
    for (let burst = 0; burst < BURST && this.sent < due; burst += 1) {
      const size = Math.min(frame, this.#total - this.sent);
      if (this.sent + size > due) break;
      this.#emit(size);
    }
    if (this.sent === this.#total) this.#finish();
    else this.#timer = setTimeout(() => this.#tick(), 1);
  }

  /** @param {number} size */
  #emit(size) {
    const { binary } = this.#options;
    const events = new Array(size);
    /** @type {Map<import("./jobs.mjs").Watcher, string[]>} */
    const own = new Map();
    for (let index = 0; index < size; index += 1) {
      const number = this.sent + index;
      const turn = number % this.#jobs.length;
      const round = (number - turn) / this.#jobs.length;
      const text = this.#event(turn, Math.floor((round * HIGHEST) / this.#eventsPerJob));
      events[index] = text;
      const job = /** @type {import("./jobs.mjs").Job} */ (this.#jobs[turn]);
      for (const watcher of this.#store.watchersOf(job.id)) {
        const pending = own.get(watcher);
        if (pending) pending.push(text);
        else own.set(watcher, [text]);
      }
    }
    this.sent += size;
    this.frames += 1;
    for (const [watcher, texts] of own) this.#deliver(watcher, texts);
    if (this.#store.shared.size === 0) return;
    if (this.#options.frame === 1) {
      for (const watcher of this.#store.shared) watcher.deliver(events[0], false, binary);
      return;
    }
    const data = Buffer.from(`[${events.join(",")}]`);
    for (const watcher of this.#store.shared) watcher.frame(data, binary);
  }

  /**
   * @param {import("./jobs.mjs").Watcher} watcher
   * @param {string[]} texts
   */
  #deliver(watcher, texts) {
    const { frame, binary } = this.#options;
    if (frame > 1) watcher.frame(Buffer.from(`[${texts.join(",")}]`), binary);
    else for (const text of texts) watcher.deliver(text, false, binary);
  }

  /**
   * @param {number} turn
   * @param {number} hundredths
   */
  #event(turn, hundredths) {
    const job = /** @type {import("./jobs.mjs").Job} */ (this.#jobs[turn]);
    const progress = hundredths / 100;
    job.progress = progress;
    job.version += 1;
    job.timestamp = this.#stamp;
    return `${this.#heads[turn]}${progress},"stage":"${STAGE}","message":"${MESSAGE}","timestamp":"${this.#stamp}","attempt":1}`;
  }

  #finish() {
    for (const job of this.#jobs) {
      this.#store.update(job, {
        status: "completed",
        progress: 100,
        message: "Done",
        resultUrl: `/api/v1/results/${encodeURIComponent(job.id)}`,
        durationSeconds: this.#options.seconds,
        result: JSON.stringify({ job_id: job.id, synthetic: true }),
      });
    }
    this.running = false;
  }
}

/**
 * @param {any} body
 * @returns {LoadOptions}
 */
function readOptions(body) {
  /**
   * @param {string} name
   * @param {number} fallback
   * @param {number} min
   * @param {number} max
   */
  const number = (name, fallback, min, max) => {
    const value = body?.[name] ?? fallback;
    if (typeof value === "number" && value >= min && value <= max) return value;
    throw new HttpError(400, `${name} takes a number from ${min} to ${max}.`);
  };
  return {
    jobs: Math.floor(number("jobs", 100, 1, 5_000)),
    rate: number("rate", 1_000, 1, 1_000_000),
    frame: Math.floor(number("frame", 1, 1, 10_000)),
    seconds: number("seconds", 10, 0.01, 3_600),
    delay: number("delay", 0, 0, 60_000),
    binary: body?.binary === true,
    prefix: String(body?.prefix ?? "load"),
  };
}

/**
 * @param {import("./jobs.mjs").JobStore} store
 * @returns {{ routes: import("./http.mjs").Route[], close: () => void }}
 */
export function createLoad(store) {
  /** @type {LoadRun | undefined} */
  let run;
  return {
    close: () => run?.close(),
    routes: [
      {
        method: "POST",
        path: "/api/v1/_load",
        async handle({ request, response }) {
          const options = readOptions(await readJson(request));
          if (run?.running) throw new HttpError(409, "A load is running; wait until it has ended.");
          run = new LoadRun(store, options);
          sendJson(response, 202, {
            first: `${options.prefix}-0`,
            events: Math.floor(options.rate * options.seconds),
          });
        },
      },
      {
        method: "GET",
        path: "/api/v1/_load",
        handle: ({ response }) =>
          sendJson(response, 200, run?.view() ?? { running: false, sent: 0, jobs: {} }),
      },
    ],
  };
}
