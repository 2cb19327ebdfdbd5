/** The waveform of a WAV file: least and greatest sample of the first channel per column. */
import { Canvas } from "./canvas.mjs";
import { wavLayout } from "./formats/wav.mjs";

const WIDTH = 256;
const HEIGHT = 96;
const PCM = 1;
const FLOAT = 3;
/** @type {import("./canvas.mjs").Colour} */
const BACKGROUND = [17, 24, 39];
/** @type {import("./canvas.mjs").Colour} */
const WAVE = [52, 211, 153];

/**
 * @param {import("./formats/wav.mjs").WavLayout} layout
 * @returns {(bytes: Buffer, at: number) => number} a sample as −1…1
 */
function sampleReader({ encoding, bits }) {
  if (encoding === FLOAT && bits === 32) return (bytes, at) => bytes.readFloatLE(at);
  if (encoding === PCM && bits === 8) return (bytes, at) => (bytes.readUInt8(at) - 128) / 128;
  if (encoding === PCM && [16, 24, 32].includes(bits)) {
    return (bytes, at) => bytes.readIntLE(at, bits / 8) / 2 ** (bits - 1);
  }
  throw new Error(`samples of encoding ${encoding} with ${bits} bits are not drawn`);
}

/** @param {number} sample */
const rowOf = (sample) => Math.round((1 - Math.max(-1, Math.min(1, sample))) * 0.5 * (HEIGHT - 1));

/**
 * @param {import("./source.mjs").Source} source
 * @param {(fraction: number) => void} report
 */
export function drawWaveform(source, report) {
  const layout = wavLayout(source);
  const { blockAlign, dataStart, dataEnd, bits, channels } = layout;
  const sample = sampleReader(layout);
  if (blockAlign < (bits / 8) * channels) throw new Error("the block size is too small");
  const frames = Math.floor((dataEnd - dataStart) / blockAlign);
  if (frames === 0) throw new Error("no samples");

  const canvas = new Canvas(WIDTH, HEIGHT, BACKGROUND);
  for (let column = 0; column < WIDTH; column += 1) {
    const first = Math.floor((frames * column) / WIDTH);
    const last = Math.max(first + 1, Math.floor((frames * (column + 1)) / WIDTH));
    let low = 1;
    let high = -1;
    const ignore = () => {};
    /** @type {Buffer} */
    let rest = Buffer.alloc(0);
    for (const chunk of source.chunks(
      ignore,
      dataStart + first * blockAlign,
      dataStart + last * blockAlign,
    )) {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let at = 0;
      for (; at + blockAlign <= bytes.length; at += blockAlign) {
        const value = sample(bytes, at);
        if (value < low) low = value;
        if (value > high) high = value;
      }
      rest = bytes.subarray(at);
    }
    const top = rowOf(high);
    canvas.fill(column, top, 1, Math.max(1, rowOf(low) - top + 1), WAVE);
    report((column + 1) / WIDTH);
  }
  return canvas;
}
