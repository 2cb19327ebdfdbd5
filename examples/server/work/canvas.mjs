/** An RGBA picture in memory and its PNG encoding (PNG 1.2, sections 3, 4 and 6). */
import { crc32, deflateSync } from "node:zlib";

/** @typedef {readonly [red: number, green: number, blue: number]} Colour */

export class Canvas {
  /**
   * @param {number} width
   * @param {number} height
   * @param {Colour} [background] transparent when left out
   */
  constructor(width, height, background) {
    this.width = width;
    this.height = height;
    this.pixels = new Uint8Array(width * height * 4);
    if (background) this.fill(0, 0, width, height, background);
  }

  /**
   * @param {number} left
   * @param {number} top
   * @param {number} width
   * @param {number} height
   * @param {Colour} colour
   */
  fill(left, top, width, height, [red, green, blue]) {
    const right = Math.min(this.width, left + width);
    const bottom = Math.min(this.height, top + height);
    for (let y = Math.max(0, top); y < bottom; y += 1) {
      for (let x = Math.max(0, left); x < right; x += 1) {
        this.pixels.set([red, green, blue, 255], (y * this.width + x) * 4);
      }
    }
  }

  /** @returns {Buffer} */
  toPng() {
    const stride = this.width * 4;
    const rows = Buffer.alloc((stride + 1) * this.height);
    for (let y = 0; y < this.height; y += 1) {
      // The byte before each row stays 0: filter type "none".
      rows.set(this.pixels.subarray(y * stride, (y + 1) * stride), y * (stride + 1) + 1);
    }
    const header = Buffer.alloc(13);
    header.writeUInt32BE(this.width, 0);
    header.writeUInt32BE(this.height, 4);
    header.set([8, 6, 0, 0, 0], 8);
    return Buffer.concat([
      Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
      chunk("IHDR", header),
      chunk("IDAT", deflateSync(rows, { level: 9 })),
      chunk("IEND", Buffer.alloc(0)),
    ]);
  }
}

/**
 * @param {string} name
 * @param {Buffer} data
 */
function chunk(name, data) {
  const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  framed.set(body, 4);
  framed.writeUInt32BE(crc32(body) >>> 0, body.length + 4);
  return framed;
}
