/** Reads image files in worker threads, where a file made to be slow holds up nobody else. */
import { TimeLimitError, WorkerPool } from "../../server/pool.mjs";
import { ImageError } from "./metadata.mjs";

/** @typedef {import("./work.mjs").ImageUpdate} ImageUpdate */

const THREADS = 2;

export class ImageReader {
  /** @type {WorkerPool<ImageUpdate>} */
  #pool = new WorkerPool(new URL("./work.mjs", import.meta.url), THREADS);
  #workMs;

  /** @param {number} workMs the most that the work on one file may take */
  constructor(workMs) {
    this.#workMs = workMs;
  }

  /** Rejects with ImageError where it is no image that can be read. @param {string} path */
  async format(path) {
    return (await this.#read({ path, part: "format" })).format;
  }

  /** Rejects with ImageError where it is no image that can be read. @param {string} path */
  async metadata(path) {
    const { metadata } = await this.#read({ path, part: "metadata" });
    if (!metadata) throw new Error("The thread gave no metadata.");
    return metadata;
  }

  close() {
    return this.#pool.close();
  }

  /**
   * @param {import("./work.mjs").ImageInput} input
   * @returns {Promise<ImageUpdate>}
   */
  #read(input) {
    return new Promise((resolve, reject) =>
      this.#pool.run({
        input,
        limitMs: this.#workMs,
        onUpdate: (update) =>
          update.unreadable === undefined ? resolve(update) : reject(new ImageError(update.unreadable)),
        onCrash: (error) => reject(error instanceof TimeLimitError ? new ImageError(error.message) : error),
      }),
    );
  }
}
