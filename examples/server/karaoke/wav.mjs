/** Reads and writes the samples of WAV files, as numbers from −1 to 1. */
import { closeSync, openSync, writeSync } from "node:fs";
import { wavLayout } from "../work/formats/wav.mjs";

/** @typedef {import("../work/source.mjs").Source} Source */
/** @typedef {{ channels: number, bits: number, rate: number }} Format */

const PCM = 1;
const HEADER = 44;
/** In Hz. Buffers are as long as a part of a second: a rate out of this range would make them huge, or very many. */
const RATES = { min: 2_000, max: 384_000 };

/** The file cannot be used; the text is for the person who sent it. */
export class WavError extends Error {}

/** @param {Source} source */
function layoutOf(source) {
  try {
    const [riff, wave] = [source.read(0, 4), source.read(8, 4)].map(String);
    const layout = riff === "RIFF" && wave === "WAVE" ? wavLayout(source) : undefined;
    if (layout?.encoding === PCM) return layout;
  } catch {
    // Said below: a damaged header and another format are the same to the person.
  }
  throw new WavError("This file is not a WAV file with PCM samples. Send one that is.");
}

export class WavReader {
  #source;
  #layout;
  #next;
  frames;

  /** @param {Source} source */
  constructor(source) {
    this.#source = source;
    this.#layout = layoutOf(source);
    const { channels, bits, sampleRate, blockAlign, dataStart, dataEnd } = this.#layout;
    if (![1, 2].includes(channels) || ![8, 16, 24].includes(bits) || blockAlign !== (channels * bits) / 8) {
      throw new WavError(
        `This WAV file has ${channels} channels of ${bits} bits. Send mono or stereo with 8, 16 or 24 bits.`,
      );
    }
    this.#next = dataStart;
    this.frames = Math.floor((dataEnd - dataStart) / blockAlign);
    if (this.frames <= 0 || sampleRate === 0) {
      throw new WavError("This WAV file holds no sound at all. Send one that can be played.");
    }
    if (sampleRate < RATES.min || sampleRate > RATES.max) {
      throw new WavError(
        `This WAV file has ${sampleRate} samples a second. Send one with ${RATES.min} to ${RATES.max}.`,
      );
    }
  }

  /** @returns {Format} */
  get format() {
    const { channels, bits, sampleRate } = this.#layout;
    return { channels, bits, rate: sampleRate };
  }

  /**
   * Fills up with silence at the end; both channels are the same for a mono file.
   * @param {number} frames
   */
  read(frames) {
    const { blockAlign, dataEnd } = this.#layout;
    const bytes = this.#source.read(this.#next, Math.min(frames * blockAlign, dataEnd - this.#next));
    this.#next += bytes.length;
    const left = new Float64Array(frames);
    const right = new Float64Array(frames);
    const width = this.#layout.bits / 8;
    for (let frame = 0; (frame + 1) * blockAlign <= bytes.length; frame += 1) {
      left[frame] = decode(bytes, frame * blockAlign, width);
      right[frame] = decode(bytes, (frame + 1) * blockAlign - width, width);
    }
    return { left, right };
  }
}

/**
 * @param {Buffer} bytes
 * @param {number} offset
 * @param {number} width bytes of a sample
 */
function decode(bytes, offset, width) {
  if (width === 1) return (bytes.readUInt8(offset) - 128) / 128;
  return bytes.readIntLE(offset, width) / 2 ** (8 * width - 1);
}

export class WavWriter {
  #file;
  #format;

  /**
   * @param {string} path
   * @param {Format} format
   * @param {number} frames how many will be written
   */
  constructor(path, format, frames) {
    this.#file = openSync(path, "w");
    this.#format = format;
    const block = (format.channels * format.bits) / 8;
    const header = Buffer.alloc(HEADER);
    header.write("RIFF", 0, "latin1");
    header.writeUInt32LE(HEADER - 8 + frames * block, 4);
    header.write("WAVEfmt ", 8, "latin1");
    header.writeUInt32LE(16, 16);
    header.writeUInt16LE(PCM, 20);
    header.writeUInt16LE(format.channels, 22);
    header.writeUInt32LE(format.rate, 24);
    header.writeUInt32LE(format.rate * block, 28);
    header.writeUInt16LE(block, 32);
    header.writeUInt16LE(format.bits, 34);
    header.write("data", 36, "latin1");
    header.writeUInt32LE(frames * block, 40);
    writeSync(this.#file, header);
  }

  /** @param {Float64Array[]} columns one a channel */
  write(columns) {
    const width = this.#format.bits / 8;
    const top = 2 ** (this.#format.bits - 1);
    const bytes = Buffer.alloc(columns.length * columns[0].length * width);
    let offset = 0;
    for (let frame = 0; frame < columns[0].length; frame += 1) {
      for (const column of columns) {
        const sample = Math.max(-top, Math.min(top - 1, Math.round(column[frame] * top)));
        offset =
          width === 1 ? bytes.writeUInt8(sample + 128, offset) : bytes.writeIntLE(sample, offset, width);
      }
    }
    writeSync(this.#file, bytes);
  }

  close() {
    closeSync(this.#file);
  }
}
