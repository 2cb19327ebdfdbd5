/** The thread that reads what one image file says about itself: how long that takes depends on the file. */
import { readFileSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { detectFormat, ImageError, readMetadata } from "./metadata.mjs";

/** @typedef {{ path: string, part: "format" | "metadata" }} ImageInput */
/**
 * @typedef {object} ImageUpdate
 * @property {true} done
 * @property {string} [format]
 * @property {import("./metadata.mjs").Metadata} [metadata]
 * @property {string} [unreadable] why the file is no image that can be read
 */

/** @param {ImageInput} input @returns {ImageUpdate} */
function outcome({ path, part }) {
  try {
    const bytes = readFileSync(path);
    if (part === "format") return { done: true, format: detectFormat(bytes) };
    return { done: true, metadata: readMetadata(bytes) };
  } catch (error) {
    if (error instanceof ImageError) return { done: true, unreadable: error.message };
    throw error;
  }
}

parentPort?.on("message", (/** @type {ImageInput} */ input) => parentPort?.postMessage(outcome(input)));
