/** The thread that splits one recording at a time into vocals and instrumental, and reports how far it is. */
import { setTimeout as delay } from "node:timers/promises";
import { parentPort } from "node:worker_threads";
import { Source } from "../work/source.mjs";
import { HOP, OVERLAP, Separator } from "./separation.mjs";
import { WavError, WavReader, WavWriter } from "./wav.mjs";

/**
 * @typedef {object} SplitInput
 * @property {string} path of the recording
 * @property {{ vocals: string, instrumental: string }} tracks where the results go
 * @property {number} pace least time of a step, ms
 * @property {boolean} fail half-way
 */
/**
 * @typedef {{ type: "progress", done: false, progress: number, message: string }
 *   | { type: "split", done: true }
 *   | { type: "failed", done: true, message: string }} SplitUpdate
 */

const STEPS = 20;
/** Of one step: a long recording takes more steps, so that a step does not take more memory. */
const MAX_BLOCK = 1 << 21;

/** @param {SplitUpdate} update */
const post = (update) => parentPort?.postMessage(update);

/**
 * @param {SplitInput} input
 * @param {WavReader} recording
 * @param {{ vocals: WavWriter, instrumental: WavWriter }} writers
 */
async function split({ pace, fail }, recording, writers) {
  const { frames, format } = recording;
  const size = Math.min(MAX_BLOCK, Math.ceil((frames + OVERLAP) / (STEPS * HOP)) * HOP);
  const steps = Math.ceil((frames + OVERLAP) / size);
  const separator = new Separator();
  const began = performance.now();
  let late = OVERLAP;
  let written = 0;
  for (let step = 1; written < frames; step += 1) {
    const block = recording.read(size);
    const { left, right, centre } = separator.push(block.left, block.right);
    const from = Math.min(late, size);
    const to = Math.min(size, from + frames - written);
    late -= from;
    written += to - from;
    for (let index = from; index < to; index += 1) {
      left[index] -= centre[index];
      right[index] -= centre[index];
    }
    writers.vocals.write([centre.subarray(from, to)]);
    const rest = [left, right].slice(0, format.channels);
    writers.instrumental.write(rest.map((column) => column.subarray(from, to)));

    if (fail && written >= frames / 2) {
      throw new WavError("The separation failed half-way, as this job asked for.");
    }
    await delay(Math.max(0, began + ((step * STEPS) / steps) * pace - performance.now()));
    const seconds = (/** @type {number} */ count) => (count / format.rate).toFixed(1);
    const message = `Separated ${seconds(written)} of ${seconds(frames)} s`;
    // 100 is for the job that is completed.
    const progress = Math.min(99, Math.floor((100 * written) / frames));
    post({ type: "progress", done: false, progress, message });
  }
}

/** @param {SplitInput} input */
async function carryOut(input) {
  post({ type: "progress", done: false, progress: 0, message: "Reading the recording" });
  const source = new Source(input.path);
  try {
    const recording = new WavReader(source);
    const { format, frames } = recording;
    const vocals = new WavWriter(input.tracks.vocals, { ...format, channels: 1 }, frames);
    const instrumental = new WavWriter(input.tracks.instrumental, format, frames);
    try {
      await split(input, recording, { vocals, instrumental });
    } finally {
      vocals.close();
      instrumental.close();
    }
  } finally {
    source.close();
  }
}

parentPort?.on("message", async (/** @type {SplitInput} */ input) => {
  try {
    await carryOut(input);
    post({ type: "split", done: true });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    post({ type: "failed", done: true, message });
  }
});
