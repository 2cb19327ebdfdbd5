/** A picture of any file: how often each byte value occurs, above the entropy along the file. */
import { Canvas } from "./canvas.mjs";
import { ByteStatistics } from "./statistics.mjs";

const WIDTH = 256;
const BARS_HEIGHT = 96;
const STRIP_HEIGHT = 16;
/** @type {import("./canvas.mjs").Colour} */
const BACKGROUND = [17, 24, 39];
/** @type {import("./canvas.mjs").Colour} */
const BAR = [96, 165, 250];

/**
 * Blue for order, red for noise.
 * @param {number} bits 0–8
 * @returns {import("./canvas.mjs").Colour}
 */
function heat(bits) {
  const share = bits / 8;
  return [Math.round(40 + 215 * share), 70, Math.round(255 - 200 * share)];
}

/**
 * @param {import("./source.mjs").Source} source
 * @param {(fraction: number) => void} report
 */
export function drawBytes(source, report) {
  const canvas = new Canvas(WIDTH, BARS_HEIGHT + STRIP_HEIGHT, BACKGROUND);
  const whole = new ByteStatistics();
  const blocks = Math.min(64, source.size);
  const blockWidth = WIDTH / Math.max(1, blocks);
  for (let block = 0; block < blocks; block += 1) {
    const from = Math.floor((source.size * block) / blocks);
    const to = Math.floor((source.size * (block + 1)) / blocks);
    const part = new ByteStatistics();
    for (const chunk of source.chunks((fraction) => report((block + fraction) / blocks), from, to)) {
      part.add(chunk);
      whole.add(chunk);
    }
    const left = Math.round(block * blockWidth);
    canvas.fill(left, BARS_HEIGHT, Math.ceil(blockWidth), STRIP_HEIGHT, heat(part.entropy));
  }
  // Logarithmic, or the commonest value would flatten all others.
  const tallest = Math.log1p(Math.max(...whole.counts));
  whole.counts.forEach((count, value) => {
    const height = count === 0 ? 0 : Math.max(1, Math.round((Math.log1p(count) / tallest) * BARS_HEIGHT));
    canvas.fill(value, BARS_HEIGHT - height, 1, height, BAR);
  });
  return canvas;
}
