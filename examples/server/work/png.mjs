/** Decodes a PNG row by row: inflate, undo the filters, hand out RGBA (PNG 1.2, sections 3, 4 and 6). */
import { inflateSync } from "node:zlib";

/** @typedef {(y: number, rgba: Uint8Array) => void} RowSink called from top to bottom; the array is reused */

const MAX_CHUNKS = 100_000;
/** Of the compressed data, and of what it inflates to: both are in memory at once. */
const MAX_DATA_BYTES = 128 * 1024 * 1024;
const MAX_DECODED_BYTES = 256 * 1024 * 1024;
const MAX_PIXELS = 64 * 1024 * 1024;
const SAMPLES = [1, 0, 3, 1, 2, 0, 4];
const DEPTHS = new Set([1, 2, 4, 8, 16]);
const PALETTE = 3;

/** @param {import("./source.mjs").Source} source */
function readChunks(source) {
  const header = source.read(16, 13);
  /** @type {Buffer[]} */
  const data = [];
  /** @type {Buffer} */
  let palette = Buffer.alloc(0);
  /** @type {Buffer} */
  let transparency = Buffer.alloc(0);
  let offset = 8;
  let size = 0;
  for (let count = 0; count < MAX_CHUNKS; count += 1) {
    const head = source.read(offset, 8);
    const length = head.readUInt32BE(0);
    const name = head.toString("latin1", 4, 8);
    if (name === "IEND") break;
    if (name === "IDAT") {
      size += length;
      if (size > MAX_DATA_BYTES) throw new Error("the picture is too large to decode");
      data.push(source.read(offset + 8, length));
    }
    if (name === "PLTE") palette = source.read(offset + 8, Math.min(length, 768));
    if (name === "tRNS") transparency = source.read(offset + 8, Math.min(length, 256));
    offset += length + 12;
  }
  return {
    width: header.readUInt32BE(0),
    height: header.readUInt32BE(4),
    depth: header.readUInt8(8),
    colour: header.readUInt8(9),
    interlaced: header.readUInt8(12) !== 0,
    data: Buffer.concat(data),
    palette,
    transparency,
  };
}

/**
 * @param {number} a left
 * @param {number} b above
 * @param {number} c above left
 */
function paeth(a, b, c) {
  const p = a + b - c;
  const pa = Math.abs(p - a);
  const pb = Math.abs(p - b);
  const pc = Math.abs(p - c);
  if (pa <= pb && pa <= pc) return a;
  return pb <= pc ? b : c;
}

/**
 * Undoes a row's filter in place.
 * @param {number} filter
 * @param {Buffer} row
 * @param {Buffer} above
 * @param {number} step bytes of a whole pixel, at least 1
 */
function unfilter(filter, row, above, step) {
  if (filter > 4) throw new Error(`unknown filter ${filter}`);
  if (filter === 0) return;
  for (let x = 0; x < row.length; x += 1) {
    const a = row[x - step] ?? 0;
    const b = above[x] ?? 0;
    const c = above[x - step] ?? 0;
    const predicted = filter === 1 ? a : filter === 2 ? b : filter === 3 ? (a + b) >> 1 : paeth(a, b, c);
    row[x] = (row[x] ?? 0) + predicted;
  }
}

/** @typedef {ReturnType<typeof readChunks>} Picture */

/**
 * @param {Picture} picture
 * @returns {(row: Buffer, rgba: Uint8Array) => void}
 */
function converter({ width, depth, colour, palette, transparency }) {
  const samples = SAMPLES[colour] ?? 0;
  const highest = 2 ** depth - 1;
  /** @param {Buffer} row @param {number} index */
  const sample = (row, index) => {
    if (depth === 8) return row[index] ?? 0;
    if (depth === 16) return ((row[index * 2] ?? 0) << 8) | (row[index * 2 + 1] ?? 0);
    const bit = index * depth;
    return ((row[bit >> 3] ?? 0) >> (8 - depth - (bit & 7))) & highest;
  };
  /** @param {number} value */
  const scaled = (value) => (depth === 8 ? value : Math.round((value * 255) / highest));
  // Without alpha samples, tRNS names the one colour that is transparent.
  const clear = samples !== 2 && samples !== 4 && colour !== PALETTE && transparency.length >= samples * 2;

  return (row, rgba) => {
    for (let x = 0; x < width; x += 1) {
      const first = sample(row, x * samples);
      if (colour === PALETTE) {
        rgba[x * 4] = palette[first * 3] ?? 0;
        rgba[x * 4 + 1] = palette[first * 3 + 1] ?? 0;
        rgba[x * 4 + 2] = palette[first * 3 + 2] ?? 0;
        rgba[x * 4 + 3] = transparency[first] ?? 255;
        continue;
      }
      const grey = samples < 3;
      const green = grey ? first : sample(row, x * samples + 1);
      const blue = grey ? first : sample(row, x * samples + 2);
      rgba[x * 4] = scaled(first);
      rgba[x * 4 + 1] = scaled(green);
      rgba[x * 4 + 2] = scaled(blue);
      const opaque = samples === 1 || samples === 3;
      rgba[x * 4 + 3] = opaque ? 255 : scaled(sample(row, x * samples + samples - 1));
      if (!clear || transparency.readUInt16BE(0) !== first) continue;
      const same = grey || (transparency.readUInt16BE(2) === green && transparency.readUInt16BE(4) === blue);
      if (same) rgba[x * 4 + 3] = 0;
    }
  };
}

/**
 * Throws where the picture is damaged, interlaced or too large to decode.
 * @param {import("./source.mjs").Source} source
 * @param {(size: { width: number, height: number }) => RowSink} open
 */
export function decodePng(source, open) {
  const picture = readChunks(source);
  const { width, height, depth, colour } = picture;
  const samples = SAMPLES[colour] ?? 0;
  if (samples === 0 || !DEPTHS.has(depth) || width === 0 || height === 0)
    throw new Error("the header makes no sense");
  if (picture.interlaced) throw new Error("interlaced pictures are not decoded");
  const stride = Math.ceil((width * samples * depth) / 8);
  const expected = (stride + 1) * height;
  if (expected > MAX_DECODED_BYTES || width * height > MAX_PIXELS)
    throw new Error("the picture is too large to decode");
  const rows = inflateSync(picture.data, { maxOutputLength: expected + 1 });
  if (rows.length < expected) throw new Error("the picture ends too early");

  const step = Math.max(1, (samples * depth) >> 3);
  const convert = converter(picture);
  const sink = open({ width, height });
  const rgba = new Uint8Array(width * 4);
  /** @type {Buffer} */
  let above = Buffer.alloc(stride);
  for (let y = 0; y < height; y += 1) {
    const start = y * (stride + 1);
    const row = rows.subarray(start + 1, start + 1 + stride);
    unfilter(rows[start] ?? 0, row, above, step);
    convert(row, rgba);
    sink(y, rgba);
    above = row;
  }
}
