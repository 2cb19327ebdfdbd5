/** The work on one image, in steps that are told. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { analyse, ImageError } from "./metadata.mjs";

/**
 * @typedef {import("../../server/form.mjs").FormFile} ImageFile
 * @typedef {{ pace: number, fail: boolean }} TestOptions least time of a step, ms; whether the analysis fails
 */

/** Of what is shown of a name. */
const MAX_NAME = 255;

/** @param {string} path */
async function digest(path) {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest("hex");
}

/**
 * @param {ImageFile} file
 * @param {import("./reader.mjs").ImageReader} reader
 * @param {(progress: number, status: string) => void} onProgress not called with 100
 * @param {TestOptions} [options]
 */
export async function extract(file, reader, onProgress, { pace, fail } = { pace: 0, fail: false }) {
  /** @template T @param {number} progress @param {string} status @param {() => T | Promise<T>} work */
  const step = async (progress, status, work) => {
    onProgress(progress, status);
    const [value] = await Promise.all([work(), pace > 0 ? delay(pace) : undefined]);
    return value;
  };
  await step(10, "Getting ready", () => {
    if (file.size === 0) throw new ImageError("The file is empty.");
  });
  const sha256 = await step(20, "Reading the file", () => digest(file.path));
  await step(30, "Checking the format", () => reader.format(file.path));
  const metadata = await step(50, "Reading the metadata", () => reader.metadata(file.path));
  const analysis = await step(70, "Looking at what was found", () => {
    if (fail) throw new ImageError("The analysis was asked to fail.");
    return analyse(metadata);
  });
  return step(90, "Putting the result together", () => ({
    filename: file.originalname.slice(0, MAX_NAME),
    size: file.size,
    sha256,
    ...metadata,
    analysis,
  }));
}
