/**
 * The thread that works on one file at a time: on any file (hash, metadata, thumbnail, package), or on a recording
 * that becomes a score. It reports progress and either a result or a failure; what to do with them is decided elsewhere.
 */
import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { parentPort } from "node:worker_threads";
import { WavError } from "../karaoke/wav.mjs";
import { transcribeRecording } from "../transcription/transcription.mjs";
import { readMetadata } from "./metadata.mjs";
import { Source } from "./source.mjs";
import { STAGES } from "./stages.mjs";
import { makeThumbnail } from "./thumbnail.mjs";

/**
 * @typedef {object} WorkInput
 * @property {import("./stages.mjs").Work} work
 * @property {string} path
 * @property {string} name
 * @property {string} contentType
 * @property {number} pace
 * @property {string | undefined} fail
 */
/**
 * @typedef {{ type: "progress", done: false, progress: number, stage: string, message: string }
 *   | { type: "done", done: true, result: Record<string, unknown> }
 *   | { type: "done", done: true, score: string }
 *   | { type: "failed", done: true, error: import("../jobs.mjs").JobFailure }} WorkUpdate
 */
/** @typedef {(fraction: number) => void} Report */
/** What a stage says; where it depends on how far it is, a function. @typedef {string | ((fraction: number) => string)} Says */
/** @typedef {<T>(name: string, says: Says, work: (report: Report) => T) => Promise<T>} RunStage */

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
 * @param {Says} says
 * @param {(report: Report) => T} work
 * @returns {Promise<T>}
 */
async function stage(input, name, says, work) {
  const { from, to } = STAGES[input.work].find((one) => one.name === name) ?? { from: 0, to: 100 };
  const began = performance.now();
  let last = -Infinity;
  /** @type {Report} */
  const report = (fraction) => {
    const elapsed = input.pace > 0 ? (performance.now() - began) / input.pace : 1;
    const shown = Math.min(fraction, elapsed, 1);
    const progress = Math.round((from + (to - from) * shown) * 10) / 10;
    if (progress - last < SMALLEST_STEP) return;
    last = progress;
    const message = typeof says === "string" ? says : says(shown);
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
 * @param {Source} source
 * @param {WorkInput} input
 * @param {RunStage} run
 */
async function describeFile(source, { name, contentType }, run) {
  const size = source.size;
  const digest = await run("hash", `Hashing ${readableSize(size)}`, (report) => sha256(source, report));
  const { format, metadata } = await run("metadata", "Reading the format", (report) =>
    readMetadata(source, report),
  );
  const thumbnail = await run("thumbnail", "Drawing a preview", (report) =>
    makeThumbnail(source, format, report),
  );
  return run("package", "Packing the result", () => ({
    filename: name,
    content_type: contentType,
    size,
    sha256: digest,
    format,
    metadata,
    thumbnail: `data:image/png;base64,${thumbnail.png.toString("base64")}`,
    thumbnail_kind: thumbnail.kind,
  }));
}

/**
 * @param {WorkInput} input
 * @param {RunStage} run
 * @returns {Promise<WorkUpdate>}
 */
async function carryOut(input, run) {
  const source = new Source(input.path);
  try {
    if (input.work === "file")
      return { type: "done", done: true, result: await describeFile(source, input, run) };
    return { type: "done", done: true, score: await transcribeRecording(source, input.name, run) };
  } finally {
    source.close();
  }
}

parentPort?.on("message", async (/** @type {WorkInput} */ input) => {
  let [{ name: current }] = STAGES[input.work];
  try {
    const done = await carryOut(input, (name, says, work) => {
      current = name;
      return stage(input, name, says, work);
    });
    post(done);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    // A file that cannot be used is no better the next time.
    const retryable = !(error instanceof WavError);
    post({ type: "failed", done: true, error: { message, retryable, stage: current } });
  }
});
