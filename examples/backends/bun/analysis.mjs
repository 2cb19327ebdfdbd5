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

/** Short enough for beats: a hundred a second. */
const BLOCKS_PER_SECOND = 100;

/** @param {number} number */
const rounded = (number) => Math.round(number * 10_000) / 10_000;

/**
 * @param {string} path of a WAV file
 * @returns {Analysis}
 */
export function analyse(path) {
  const source = new Source(path);
  try {
    return measure(new WavReader(source));
  } catch (error) {
    throw error instanceof RangeError ? new WavError("This WAV file is cut off.") : error;
  } finally {
    source.close();
  }
}

/** @param {WavReader} reader @returns {Analysis} */
function measure(reader) {
  const { rate, channels } = reader.format;
  const size = Math.max(1, Math.round(rate / BLOCKS_PER_SECOND));
  const loudness = [];
  let [squares, peak, crossings, positive] = [0, 0, 0, true];
  for (let from = 0; from < reader.frames; from += size) {
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
