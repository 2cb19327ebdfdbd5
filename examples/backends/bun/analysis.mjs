/** Listens to a recording once, in blocks, and tells what it measures. */
import { WavError, WavReader } from "../../server/karaoke/wav.mjs";
import { Source } from "../../server/work/source.mjs";
import { estimateTempo } from "./tempo.mjs";

/**
 * @typedef {object} Analysis
 * @property {number} durationSeconds
 * @property {number} sampleRate
 * @property {number} channels
 * @property {number} rms 0–1
 * @property {number} peak 0–1
 * @property {number} zeroCrossingsPerSecond
 * @property {number | null} tempoBpm
 */

const [SLOWEST_RATE, FASTEST_RATE] = [1_000, 192_000];
const MAX_SECONDS = 3_600;

/** Short enough for beats: a hundred a second. */
const BLOCKS_PER_SECOND = 100;

/** @param {number} number */
const rounded = (number) => Math.round(number * 10_000) / 10_000;

/**
 * @param {string} path of a WAV file
 * @param {number} [limitMs] how long it may take
 * @returns {Analysis}
 */
export function analyse(path, limitMs = Infinity) {
  const source = new Source(path);
  try {
    return measure(new WavReader(source), performance.now() + limitMs);
  } catch (error) {
    throw error instanceof RangeError ? new WavError("This WAV file is cut off.") : error;
  } finally {
    source.close();
  }
}

/** @param {number} rate @param {number} frames */
function checkShape(rate, frames) {
  if (rate < SLOWEST_RATE || rate > FASTEST_RATE) {
    throw new WavError(
      `This WAV file has ${rate} samples a second. Send one with ${SLOWEST_RATE} to ${FASTEST_RATE}.`,
    );
  }
  if (frames > MAX_SECONDS * rate) {
    throw new WavError(`This recording lasts longer than ${MAX_SECONDS} s. Send a shorter one.`);
  }
}

/** @param {WavReader} reader @param {number} ends when it has to be done @returns {Analysis} */
function measure(reader, ends) {
  const { rate, channels } = reader.format;
  checkShape(rate, reader.frames);
  const size = Math.max(1, Math.round(rate / BLOCKS_PER_SECOND));
  const loudness = [];
  let [squares, peak, crossings, positive] = [0, 0, 0, true];
  for (let from = 0; from < reader.frames; from += size) {
    if (performance.now() > ends) throw new WavError("The work on this recording took too long.");
    const count = Math.min(size, reader.frames - from);
    const { left, right } = reader.read(count);
    let ofBlock = 0;
    for (let at = 0; at < count; at += 1) {
      const sample = (left[at] + right[at]) / 2;
      ofBlock += sample * sample;
      peak = Math.max(peak, Math.abs(left[at]), Math.abs(right[at]));
      if (sample !== 0 && sample > 0 !== positive) crossings += 1;
      if (sample !== 0) positive = sample > 0;
    }
    squares += ofBlock;
    loudness.push(Math.sqrt(ofBlock / count));
  }
  const seconds = reader.frames / rate;
  return {
    durationSeconds: rounded(seconds),
    sampleRate: rate,
    channels,
    rms: rounded(Math.sqrt(squares / reader.frames)),
    peak: rounded(peak),
    zeroCrossingsPerSecond: rounded(crossings / seconds),
    tempoBpm: estimateTempo(loudness, rate / size),
  };
}
