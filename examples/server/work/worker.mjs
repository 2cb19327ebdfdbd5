/**
 * The thread that works on one file at a time: hash, metadata, thumbnail, package. It reports progress and either
 * a result or a failure; what to do with them is decided elsewhere.
 */
import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { parentPort } from "node:worker_threads";
import { readMetadata } from "./metadata.mjs";
import { Source } from "./source.mjs";
import { STAGES } from "./stages.mjs";
import { makeThumbnail } from "./thumbnail.mjs";

/** @typedef {{ path: string, name: string, contentType: string, pace: number, fail: string | undefined }} WorkInput */
/**
 * @typedef {{ type: "progress", done: false, progress: number, stage: string, message: string }
 *   | { type: "done", done: true, result: Record<string, unknown> }
 *   | { type: "failed", done: true, error: import("../jobs.mjs").JobFailure }} WorkUpdate
 */
/** @typedef {(fraction: number) => void} Report */

const SMALLEST_STEP = 0.5;
const PACE_STEPS = 10;

/** @param {WorkUpdate} update */
const post = (update) => parentPort?.postMessage(update);

/** @param {number} bytes */
function readableSize(bytes) {
  if (bytes < 1024) return `${bytes} bytes`;
  const unit = Math.min(3, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** unit).toFixed(1)} ${["", "KiB", "MiB", "GiB"][unit]}`;
}

/**
 * Runs one stage: its work, then whatever is left of the pace, with the progress spread over both.
 * @template T
 * @param {WorkInput} input
 * @param {string} name
 * @param {string} message
 * @param {(report: Report) => T} work
 * @returns {Promise<T>}
 */
async function stage(input, name, message, work) {
  const { from, to } = STAGES.find((one) => one.name === name) ?? { from: 0, to: 100 };
  const began = performance.now();
  let last = -Infinity;
  /** @type {Report} */
  const report = (fraction) => {
    const elapsed = input.pace > 0 ? (performance.now() - began) / input.pace : 1;
    const progress = Math.round((from + (to - from) * Math.min(fraction, elapsed, 1)) * 10) / 10;
    if (progress - last < SMALLEST_STEP) return;
    last = progress;
    post({ type: "progress", done: false, progress, stage: name, message });
  };
  report(0);
  if (input.fail === name) {
    await delay(input.pace / 2);
    throw new Error(`The stage ${name} failed because ?fail=${name} asked for it; a retry succeeds.`);
  }
  const value = work(report);
  while (performance.now() - began < input.pace) {
    await delay(input.pace / PACE_STEPS);
    report(1);
  }
  return value;
}

/**
 * @param {Source} source
 * @param {Report} report
 */
function sha256(source, report) {
  const hash = createHash("sha256");
  for (const chunk of source.chunks(report)) hash.update(chunk);
  return hash.digest("hex");
}

/**
 * @param {WorkInput} input
 * @param {(name: string) => void} onStage
 */
async function carryOut(input, onStage) {
  const source = new Source(input.path);
  try {
    const { name, contentType } = input;
    const size = source.size;
    onStage("hash");
    const message = `Hashing ${readableSize(size)}`;
    const digest = await stage(input, "hash", message, (report) => sha256(source, report));
    onStage("metadata");
    const { format, metadata } = await stage(input, "metadata", "Reading the format", (report) =>
      readMetadata(source, report),
    );
    onStage("thumbnail");
    const thumbnail = await stage(input, "thumbnail", "Drawing a preview", (report) =>
      makeThumbnail(source, format, report),
    );
    onStage("package");
    return await stage(input, "package", "Packing the result", () => ({
      filename: name,
      content_type: contentType,
      size,
      sha256: digest,
      format,
      metadata,
      thumbnail: `data:image/png;base64,${thumbnail.png.toString("base64")}`,
      thumbnail_kind: thumbnail.kind,
    }));
  } finally {
    source.close();
  }
}

parentPort?.on("message", async (/** @type {WorkInput} */ input) => {
  let current = "hash";
  try {
    const result = await carryOut(input, (name) => (current = name));
    post({ type: "done", done: true, result });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    post({ type: "failed", done: true, error: { message, retryable: true, stage: current } });
  }
});
