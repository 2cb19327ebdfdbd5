/** Finds the notes of a melody: the pitch of every short frame, and where it changes or sounds anew. */
import { createFft } from "../karaoke/fft.mjs";

/** @typedef {{ start: number, duration: number, midi: number }} Note in seconds */

const FRAME = 1024;
const HOP = 256;
const LOWEST_HZ = 60;
const HIGHEST_HZ = 1400;
/** Of the loudest frame: what is quieter is silence. */
const SILENCE = 0.05;
/** How much louder than two frames before it a frame is where a tone begins again. */
const ATTACK = 1.5;
/** How much of the sound has to repeat itself for a pitch. */
const CLARITY = 0.6;
const SHORTEST_FRAMES = 4;

const fft = createFft(2 * FRAME);

/**
 * @param {Float32Array} frame
 * @param {number} rate
 * @returns {number | undefined} the MIDI number of its pitch, by autocorrelation
 */
export function pitch(frame, rate) {
  const correlation = new Float64Array(2 * FRAME);
  correlation.set(frame);
  const imaginary = new Float64Array(2 * FRAME);
  fft(correlation, imaginary);
  for (let bin = 0; bin < correlation.length; bin += 1)
    correlation[bin] = correlation[bin] ** 2 + imaginary[bin] ** 2;
  imaginary.fill(0);
  // A power spectrum is symmetric: there and back are the same.
  fft(correlation, imaginary);
  /** Fewer samples overlap at a longer lag. @param {number} lag */
  const alike = (lag) => ((correlation[lag] / correlation[0]) * FRAME) / (FRAME - lag);
  const longest = Math.min(Math.floor(rate / LOWEST_HZ), FRAME / 2);
  /** @type {number[]} */
  const peaks = [];
  for (let lag = Math.max(2, Math.floor(rate / HIGHEST_HZ)); lag < longest; lag += 1)
    if (alike(lag) > alike(lag - 1) && alike(lag) >= alike(lag + 1)) peaks.push(lag);
  const clearest = Math.max(0, ...peaks.map(alike));
  // Twice the period is a peak as well.
  const lag = peaks.find((peak) => alike(peak) >= 0.9 * clearest);
  if (lag === undefined || clearest < CLARITY) return undefined;
  const [before, at, after] = [alike(lag - 1), alike(lag), alike(lag + 1)];
  const curve = before - 2 * at + after;
  const exact = lag + (curve === 0 ? 0 : (before - after) / (2 * curve));
  return Math.round(69 + 12 * Math.log2(rate / exact / 440));
}

/**
 * @param {Float32Array} samples
 * @param {number} rate
 * @param {(fraction: number) => void} report
 * @returns {Note[]}
 */
export function transcribe(samples, rate, report) {
  const frames = Math.max(0, Math.floor((samples.length - FRAME) / HOP) + 1);
  const frameAt = (/** @type {number} */ index) => samples.subarray(index * HOP, index * HOP + FRAME);
  const levels = Array.from({ length: frames }, (_, index) =>
    Math.sqrt(frameAt(index).reduce((sum, sample) => sum + sample * sample, 0) / FRAME),
  );
  const loudest = levels.reduce((most, level) => Math.max(most, level), 0);
  /** @type {Note[]} */
  const notes = [];
  let begin = 0;
  /** @type {number | undefined} */
  let present;
  const end = (/** @type {number} */ at) => {
    if (present !== undefined && at - begin >= SHORTEST_FRAMES)
      notes.push({ start: (begin * HOP) / rate, duration: ((at - begin) * HOP) / rate, midi: present });
  };
  for (let index = 0; index < frames; index += 1) {
    const level = levels[index];
    const midi = level > SILENCE * loudest ? pitch(frameAt(index), rate) : undefined;
    const isAttack = index - begin >= SHORTEST_FRAMES && level > ATTACK * levels[index - 2];
    if (midi !== present || isAttack) {
      end(index);
      [begin, present] = [index, midi];
    }
    report((index + 1) / frames);
  }
  end(frames);
  return notes;
}
