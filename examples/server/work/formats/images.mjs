/** Dimensions and the like of PNG, JPEG, GIF and WebP. A field beyond the end of a file throws RangeError. */
import { readExif } from "./exif.mjs";

/** @typedef {import("../source.mjs").Source} Source */

const PNG_COLOURS = ["greyscale", "", "RGB", "palette", "greyscale with alpha", "", "RGB with alpha"];

/** @param {Source} source */
export function readPng(source) {
  const header = source.read(16, 13);
  return {
    width: header.readUInt32BE(0),
    height: header.readUInt32BE(4),
    bit_depth: header.readUInt8(8),
    colour: PNG_COLOURS[header.readUInt8(9)] || "unknown",
    interlaced: header.readUInt8(12) === 1,
  };
}

/** @param {Source} source */
export function readGif(source) {
  const header = source.read(6, 5);
  const flags = header.readUInt8(4);
  return {
    width: header.readUInt16LE(0),
    height: header.readUInt16LE(2),
    colours: flags & 0x80 ? 2 ** ((flags & 7) + 1) : 0,
  };
}

/** @param {Source} source */
export function readWebp(source) {
  const header = source.read(12, 18);
  const kind = header.toString("latin1", 0, 4);
  if (kind === "VP8X") {
    return {
      width: header.readUIntLE(12, 3) + 1,
      height: header.readUIntLE(15, 3) + 1,
      encoding: "extended",
    };
  }
  if (kind === "VP8L") {
    const bits = header.readUInt32LE(9);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1, encoding: "lossless" };
  }
  if (kind !== "VP8 ") throw new Error(`unknown chunk ${JSON.stringify(kind)}`);
  return {
    width: header.readUInt16LE(14) & 0x3fff,
    height: header.readUInt16LE(16) & 0x3fff,
    encoding: "lossy",
  };
}

/** Segments and fill bytes before the frame header; a camera writes some dozens. */
const MAX_SEGMENTS = 10_000;

/** Start-of-frame markers; C4, C8 and CC in their midst mean other things. @param {number} marker */
const isFrameHeader = (marker) => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

/** @param {Source} source */
export function readJpeg(source) {
  let exif = {};
  let offset = 2;
  for (let count = 0; count < MAX_SEGMENTS; count += 1) {
    const segment = source.read(offset, 4);
    if (segment.readUInt8(0) !== 0xff) throw new Error(`no marker at byte ${offset}`);
    const marker = segment.readUInt8(1);
    if (marker === 0xff) {
      offset += 1;
      continue;
    }
    const length = segment.readUInt16BE(2);
    if (length < 2) throw new Error(`empty segment at byte ${offset}`);
    if (marker === 0xe1) exif = { ...exif, ...readExif(source.read(offset + 4, length - 2)) };
    if (isFrameHeader(marker)) {
      const frame = source.read(offset + 4, 6);
      return {
        width: frame.readUInt16BE(3),
        height: frame.readUInt16BE(1),
        components: frame.readUInt8(5),
        progressive: marker === 0xc2,
        ...exif,
      };
    }
    if (marker === 0xda || marker === 0xd9) throw new Error("no frame header before the image data");
    offset += 2 + length;
  }
  throw new Error("too many segments before the image data");
}
