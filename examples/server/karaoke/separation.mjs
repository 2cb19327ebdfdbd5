/**
 * Splits a stereo recording into its centre, what both channels share, and the rest. A singer is usually mixed to
 * the centre: the centre serves as vocals, the rest as instrumental. In every short frame, each frequency goes to
 * the centre by how alike the two channels are there.
 */
import { createFft } from "./fft.mjs";

const FRAME = 4096;
export const HOP = FRAME / 4;
/** By how many samples the results come later than the recording. */
export const OVERLAP = FRAME - HOP;

const fft = createFft(FRAME);
const WINDOW = Float64Array.from({ length: FRAME }, (_, index) =>
  Math.sin((Math.PI * (index + 0.5)) / FRAME),
);
/** Undoes what the squares of four overlapping windows and the inverse transform multiply by. */
const SCALE = 1 / ((FRAME / HOP / 2) * FRAME);

const real = new Float64Array(FRAME);
const imaginary = new Float64Array(FRAME);

/**
 * @param {Float64Array} left
 * @param {Float64Array} right
 * @param {number} from where the frame begins
 * @param {Float64Array} centre that of the frame is added to it
 */
function addCentre(left, right, from, centre) {
  // One transform does for both channels: the spectra of two real signals can be told apart again.
  for (let index = 0; index < FRAME; index += 1) {
    real[index] = left[from + index] * WINDOW[index];
    imaginary[index] = right[from + index] * WINDOW[index];
  }
  fft(real, imaginary);
  for (let bin = 0; bin <= FRAME / 2; bin += 1) {
    const mirror = (FRAME - bin) % FRAME;
    const leftReal = (real[bin] + real[mirror]) / 2;
    const leftImaginary = (imaginary[bin] - imaginary[mirror]) / 2;
    const rightReal = (imaginary[bin] + imaginary[mirror]) / 2;
    const rightImaginary = (real[mirror] - real[bin]) / 2;
    const power = leftReal ** 2 + leftImaginary ** 2 + rightReal ** 2 + rightImaginary ** 2;
    const shared = 2 * (leftReal * rightReal + leftImaginary * rightImaginary);
    const alike = Math.max(0, shared / Math.max(power, 1e-12));
    real[bin] = real[mirror] = (alike * (leftReal + rightReal)) / 2;
    imaginary[bin] = (alike * (leftImaginary + rightImaginary)) / 2;
    imaginary[mirror] = -imaginary[bin];
  }
  fft(imaginary, real);
  for (let index = 0; index < FRAME; index += 1) centre[from + index] += real[index] * WINDOW[index] * SCALE;
}

/**
 * @param {Float64Array} head
 * @param {Float64Array} tail
 */
function join(head, tail) {
  const joined = new Float64Array(head.length + tail.length);
  joined.set(head);
  joined.set(tail, head.length);
  return joined;
}

export class Separator {
  #left = new Float64Array(OVERLAP);
  #right = new Float64Array(OVERLAP);
  #centre = new Float64Array(OVERLAP);

  /**
   * Takes a block whose length is a multiple of HOP, and gives as many samples, OVERLAP late.
   * @param {Float64Array} left
   * @param {Float64Array} right
   */
  push(left, right) {
    const size = left.length;
    const channels = { left: join(this.#left, left), right: join(this.#right, right) };
    const centre = join(this.#centre, new Float64Array(size));
    for (let from = 0; from < size; from += HOP) addCentre(channels.left, channels.right, from, centre);
    this.#left = channels.left.slice(size);
    this.#right = channels.right.slice(size);
    this.#centre = centre.slice(size);
    return {
      left: channels.left.subarray(0, size),
      right: channels.right.subarray(0, size),
      centre: centre.subarray(0, size),
    };
  }
}
