import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { deflateSync } from "node:zlib";
import { Canvas } from "./canvas.mjs";
import { readMetadata } from "./metadata.mjs";
import { decodePng } from "./png.mjs";
import { Source } from "./source.mjs";
import { makeThumbnail } from "./thumbnail.mjs";

const folder = mkdtempSync(join(tmpdir(), "jobwire-work-"));
after(() => rmSync(folder, { recursive: true }));
const ignore = () => {};

/** @param {Uint8Array} bytes */
function sourceOf(bytes) {
  const path = join(folder, "sample");
  writeFileSync(path, bytes);
  const source = new Source(path);
  after(() => source.close());
  return source;
}

/** @param {Uint8Array | string} bytes */
const describeBytes = (bytes) => readMetadata(sourceOf(Buffer.from(bytes)), ignore);

/** @param {Source} source */
function pixels(source) {
  /** @type {number[][]} */
  const rows = [];
  let size = { width: 0, height: 0 };
  decodePng(source, (given) => {
    size = given;
    return (_y, rgba) => rows.push([...rgba]);
  });
  return { ...size, rows };
}

/** @param {string} name @param {Buffer} data */
function chunk(name, data) {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(data.length, 0);
  head.write(name, 4, "latin1");
  return Buffer.concat([head, data, Buffer.alloc(4)]);
}

/**
 * @param {{ width: number, height: number, depth: number, colour: number, rows: number[], extra?: Buffer[] }} picture
 */
function png({ width, height, depth, colour, rows, extra = [] }) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colour], 8);
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    ...extra,
    chunk("IDAT", deflateSync(Buffer.from(rows))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** @param {number} seconds */
function wav(seconds) {
  const frames = Math.round(seconds * 8_000);
  const bytes = Buffer.alloc(44 + frames * 4);
  bytes.write("RIFF", 0, "latin1");
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.write("WAVEfmt ", 8, "latin1");
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(2, 22);
  bytes.writeUInt32LE(8_000, 24);
  bytes.writeUInt32LE(32_000, 28);
  bytes.writeUInt16LE(4, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write("data", 36, "latin1");
  bytes.writeUInt32LE(frames * 4, 40);
  for (let frame = 0; frame < frames; frame += 1) {
    bytes.writeInt16LE(Math.round(Math.sin(frame / 5) * 32_000), 44 + frame * 4);
  }
  return bytes;
}

describe("metadata", () => {
  it("reads the dimensions of pictures", () => {
    assert.deepEqual(describeBytes(new Canvas(3, 2).toPng()), {
      format: "png",
      metadata: { width: 3, height: 2, bit_depth: 8, colour: "RGB with alpha", interlaced: false },
    });
    const gif = Buffer.from("GIF89a\x40\x01\xf0\x00\xf7\x00\x00", "latin1");
    assert.deepEqual(describeBytes(gif).metadata, { width: 320, height: 240, colours: 256 });
    const webp = Buffer.from(
      "RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00\x3f\x01\x00\xef\x00\x00",
      "latin1",
    );
    assert.deepEqual(describeBytes(webp).metadata, { width: 320, height: 240, encoding: "extended" });
  });

  it("reads a JPEG's frame and its Exif", () => {
    const exif = Buffer.from(
      "Exif\0\0II\x2a\0\x08\0\0\0\x02\0" +
        "\x0f\x01\x02\0\x06\0\0\0\x26\0\0\0" +
        "\x12\x01\x03\0\x01\0\0\0\x06\0\0\0" +
        "\0\0\0\0Canon\0",
      "latin1",
    );
    const app1 = Buffer.concat([Buffer.from([0xff, 0xe1, 0, exif.length + 2]), exif]);
    const frame = Buffer.from([0xff, 0xc2, 0, 17, 8, 0, 240, 1, 64, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert.deepEqual(describeBytes(Buffer.concat([Buffer.from([0xff, 0xd8]), app1, frame])), {
      format: "jpeg",
      metadata: {
        width: 320,
        height: 240,
        components: 3,
        progressive: true,
        camera_make: "Canon",
        orientation: 6,
      },
    });
  });

  it("reads duration and channels of a WAV", () => {
    assert.deepEqual(describeBytes(wav(0.5)).metadata, {
      duration_seconds: 0.5,
      channels: 2,
      sample_rate: 8_000,
      bits_per_sample: 16,
      encoding: "PCM",
    });
  });

  it("counts PDF pages, zip entries, lines and words", () => {
    const pdf =
      "%PDF-1.7\n<< /Type /Pages /Kids [1 0 R] >>\n<< /Type /Page >>\n<</Type/Page/Parent 1 0 R>>\n%%EOF";
    assert.deepEqual(describeBytes(pdf).metadata, { version: "1.7", pages: 2, encrypted: false });
    const zip = Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), Buffer.alloc(22)]);
    zip.write("PK\x05\x06", 4, "latin1");
    zip.writeUInt16LE(12, 14);
    zip.writeUInt32LE(345, 16);
    assert.deepEqual(describeBytes(zip).metadata, { entries: 12, directory_bytes: 345, comment: undefined });
    assert.deepEqual(describeBytes("ein schöner\nTag 🙂").metadata, { lines: 2, words: 4, characters: 17 });
  });

  it("measures what it does not know", () => {
    const every = Uint8Array.from({ length: 512 }, (_, index) => index % 256);
    assert.deepEqual(describeBytes(every), {
      format: "binary",
      metadata: { size: 512, entropy_bits_per_byte: 8, distinct_bytes: 256 },
    });
    assert.equal(describeBytes("").format, "empty");
  });

  it("says where a file is damaged instead of failing", () => {
    for (const whole of [
      new Canvas(3, 2).toPng().subarray(0, 20),
      wav(0.1).subarray(0, 30),
      Buffer.from("\xff\xd8\xff\xe0", "latin1"),
    ]) {
      assert.match(String(describeBytes(whole).metadata["damaged"]), /incomplete/);
    }
  });
});

describe("a thumbnail", () => {
  it("is the picture itself for a PNG, no larger than 160 pixels", () => {
    const canvas = new Canvas(400, 200, [255, 0, 0]);
    canvas.fill(200, 0, 200, 200, [0, 0, 255]);
    const { kind, png: bytes } = makeThumbnail(sourceOf(canvas.toPng()), "png", ignore);
    assert.equal(kind, "picture");
    const shown = pixels(sourceOf(bytes));
    assert.deepEqual([shown.width, shown.height], [160, 80]);
    assert.deepEqual(shown.rows[40]?.slice(0, 4), [255, 0, 0, 255]);
    assert.deepEqual(shown.rows[40]?.slice(-4), [0, 0, 255, 255]);
  });

  it("is a waveform for a WAV", () => {
    const { kind, png: bytes } = makeThumbnail(sourceOf(wav(0.2)), "wav", ignore);
    assert.equal(kind, "waveform");
    const middle = pixels(sourceOf(bytes)).rows[48]?.slice(0, 4);
    assert.deepEqual(middle, [52, 211, 153, 255]);
  });

  it("shows the bytes of anything else, of a damaged PNG and of an empty file", () => {
    for (const [bytes, format] of /** @type {const} */ ([
      [Buffer.from("some text"), "text"],
      [new Canvas(30, 20).toPng().subarray(0, 50), "png"],
      [Buffer.alloc(0), "empty"],
    ])) {
      const { kind, png: picture } = makeThumbnail(sourceOf(bytes), format, ignore);
      assert.equal(kind, "bytes");
      assert.equal(pixels(sourceOf(picture)).width, 256);
    }
  });
});

describe("the PNG decoder", () => {
  it("undoes every filter", () => {
    // Five grey rows of 10, 20, 30, each filtered in its own way.
    const rows = [0, 10, 20, 30, 1, 10, 10, 10, 2, 0, 0, 0, 3, 5, 5, 5, 4, 0, 0, 0];
    const decoded = pixels(sourceOf(png({ width: 3, height: 5, depth: 8, colour: 0, rows })));
    assert.deepEqual(
      decoded.rows,
      [
        [10, 20, 30],
        [10, 20, 30],
        [10, 20, 30],
        [10, 20, 30],
        [10, 20, 30],
      ].map((row) => row.flatMap((grey) => [grey, grey, grey, 255])),
    );
  });

  it("reads palettes with transparency, few bits, and 16-bit samples", () => {
    const palette = chunk("PLTE", Buffer.from([255, 0, 0, 0, 255, 0]));
    const clear = chunk("tRNS", Buffer.from([0]));
    const indexed = png({
      width: 3,
      height: 1,
      depth: 1,
      colour: 3,
      rows: [0, 0b01000000],
      extra: [palette, clear],
    });
    assert.deepEqual(pixels(sourceOf(indexed)).rows, [[255, 0, 0, 0, 0, 255, 0, 255, 255, 0, 0, 0]]);
    const deep = png({ width: 1, height: 1, depth: 16, colour: 2, rows: [0, 255, 255, 128, 0, 0, 0] });
    assert.deepEqual(pixels(sourceOf(deep)).rows, [[255, 128, 0, 255]]);
  });

  it("refuses a picture that inflates beyond what its header says", () => {
    const bomb = png({ width: 1, height: 1, depth: 8, colour: 0, rows: new Array(100_000).fill(0) });
    assert.throws(() => pixels(sourceOf(bomb)), /larger than|maxOutputLength|Cannot create/i);
  });
});
