/** The sessions: what each is at, who watches it, and its result. */
import { extract } from "./extraction.mjs";
import { ImageError } from "./metadata.mjs";
import { ImageReader } from "./reader.mjs";

/**
 * @typedef {object} Session
 * @property {string} id
 * @property {"queued" | "running" | "completed" | "failed"} state
 * @property {number} progress
 * @property {string} status a sentence for people
 * @property {string} timestamp ISO 8601, of the last change
 * @property {unknown} [result]
 */
/** @typedef {(message: Record<string, unknown>) => void} Listener */

const MAX_SESSIONS = 1_000;
/** At the same time. */
const MAX_AT_WORK = 100;
const SESSION_ID = /^[\w.-]{1,128}$/;

/** @param {string} id */
export const isSessionId = (id) => SESSION_ID.test(id);

/** @param {Session} session */
export const progressMessage = ({ progress, status, timestamp }) => ({
  type: "progress",
  progress,
  status,
  timestamp,
});

/** @param {Session} session @param {string} folder where the routes are */
export function sessionView({ id, state, progress, status, timestamp }, folder) {
  return {
    job_id: id,
    status: state,
    progress,
    message: status,
    ...(state === "completed" ? { result_url: `${folder}/results/${id}` } : {}),
    ...(state === "failed" ? { error: { message: status, retryable: true } } : {}),
    timestamp,
  };
}

export class Sessions {
  /** Those with an upload, in the order of it. @type {Map<string, Session>} */
  #sessions = new Map();
  /** @type {Map<string, Set<Listener>>} */
  #listeners = new Map();
  #reader;
  #atWork = 0;

  /** @param {number} workMs the most that the work on one file may take */
  constructor(workMs) {
    this.#reader = new ImageReader(workMs);
  }

  get full() {
    return this.#atWork >= MAX_AT_WORK;
  }

  close() {
    return this.#reader.close();
  }

  /** @param {string} id */
  get(id) {
    return this.#sessions.get(id);
  }

  /** @param {string} id @param {Listener} listener @returns {() => void} ends it */
  watch(id, listener) {
    const listeners = this.#listeners.get(id) ?? new Set();
    this.#listeners.set(id, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(id) === listeners) this.#listeners.delete(id);
    };
  }

  /**
   * Begins the work on an upload; what was known of the session gives way to it.
   * @param {string} id
   * @param {import("./extraction.mjs").ImageFile} file removed when the work is done
   * @param {import("./extraction.mjs").TestOptions} options
   */
  async run(id, file, options) {
    /** @type {Session} */
    const session = {
      id,
      state: "queued",
      progress: 0,
      status: "Received",
      timestamp: new Date().toISOString(),
    };
    this.#sessions.delete(id);
    this.#sessions.set(id, session);
    this.#makeRoom();
    this.#atWork += 1;
    try {
      const onProgress = (/** @type {number} */ progress, /** @type {string} */ status) =>
        this.#change(session, { state: "running", progress, status });
      const result = await extract(file, this.#reader, onProgress, options);
      this.#change(session, {
        state: "completed",
        progress: 100,
        status: "The extraction is complete",
        result,
      });
    } catch (error) {
      const known = error instanceof ImageError;
      if (!known) console.error("An extraction failed:", error);
      const reason = known ? error.message : "The server met an unexpected error; its log says which.";
      this.#change(session, { state: "failed", progress: 0, status: `Extraction failed: ${reason}` });
    } finally {
      this.#atWork -= 1;
      file.remove();
    }
  }

  /** @param {Session} session @param {Partial<Session>} fields */
  #change(session, fields) {
    Object.assign(session, fields, { timestamp: new Date().toISOString() });
    for (const listener of this.#listeners.get(session.id) ?? []) listener(progressMessage(session));
  }

  /** Forgets the oldest ended sessions beyond the bound. */
  #makeRoom() {
    for (const { id, state } of this.#sessions.values()) {
      if (this.#sessions.size <= MAX_SESSIONS) return;
      if (state === "completed" || state === "failed") this.#sessions.delete(id);
    }
  }
}
