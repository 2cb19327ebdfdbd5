/** Splits a recording into stems by their range, in overlapping frames; together the stems are the recording again. */
import { createFft } from "../karaoke/fft.mjs";

const FRAME = 2048;
const HOP = FRAME / 2;

/** From and to which frequency, in Hz. @type {readonly (readonly [name: string, from: number, to: number])[]} */
export const STEMS = [
  ["bass", 0, 180],
  ["melody", 180, 2500],
  ["treble", 2500, Infinity],
];

const fft = createFft(FRAME);
const WINDOW = Float64Array.from({ length: FRAME }, (_, index) =>
  Math.sin((Math.PI * (index + 0.5)) / FRAME),
);

/**
 * @param {Float32Array} samples
 * @param {number} rate of the samples, in Hz
 * @param {(fraction: number) => void} report
 * @returns {Float32Array[]} in the order of STEMS
 */
export function separate(samples, rate, report) {
  const stems = STEMS.map(() => new Float32Array(samples.length));
  const real = new Float64Array(FRAME);
  const imaginary = new Float64Array(FRAME);
  const steps = Math.ceil(samples.length / HOP) + 1;
  for (let step = 0; step < steps; step += 1) {
    const from = (step - 1) * HOP;
    /** @param {number} index */
    const sampleAt = (index) => (samples[from + index] ?? 0) * WINDOW[index];
    const spectrum = {
      real: Float64Array.from(WINDOW, (_, index) => sampleAt(index)),
      imaginary: new Float64Array(FRAME),
    };
    fft(spectrum.real, spectrum.imaginary);
    for (const [place, [, low, high]] of STEMS.entries()) {
      for (let bin = 0; bin < FRAME; bin += 1) {
        const hertz = (Math.min(bin, FRAME - bin) * rate) / FRAME;
        const share = hertz >= low && hertz < high ? 1 / FRAME : 0;
        real[bin] = spectrum.real[bin] * share;
        imaginary[bin] = spectrum.imaginary[bin] * share;
      }
      // With the two swapped it is the inverse.
      fft(imaginary, real);
      const stem = stems[place];
      for (let index = Math.max(0, -from); index < FRAME && from + index < stem.length; index += 1)
        stem[from + index] += real[index] * WINDOW[index];
    }
    report((step + 1) / steps);
  }
  return stems;
}
