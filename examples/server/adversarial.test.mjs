/** Files made to be slow: the work on each ends by itself, long before the time limit that a quadratic one would reach. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { deflateSync } from "node:zlib";
import { random } from "../../tests/attacks/support/generate.mjs";
import { testServer } from "./testing.mjs";

const SIZE = 2 * 1024 * 1024;
/** What is linear takes a small part of this even on a busy machine; what is quadratic takes several times as much. */
const WORK_MS = 40_000;

/** @param {string | Buffer} head @param {string | Buffer} unit repeated up to the size */
const repeated = (head, unit) => {
  const [start, part] = [head, unit].map((one) =>
    typeof one === "string" ? Buffer.from(one, "latin1") : one,
  );
  return Buffer.concat([start, Buffer.alloc(SIZE, part)]);
};

/** @param {{ rate: number, channels?: number, bits?: number, align?: number, before?: Buffer }} format */
function wav({ rate, channels = 1, bits = 8, align = (channels * bits) / 8, before = Buffer.alloc(0) }) {
  const chance = random(2);
  const data = Buffer.from(Uint8Array.from({ length: SIZE }, () => chance.integer(256)));
  const format = Buffer.alloc(24);
  format.write("fmt ", 0, "latin1");
  format.writeUInt32LE(16, 4);
  format.writeUInt16LE(1, 8);
  format.writeUInt16LE(channels, 10);
  format.writeUInt32LE(rate, 12);
  format.writeUInt32LE((rate * align) % 2 ** 32, 16);
  format.writeUInt16LE(align, 20);
  format.writeUInt16LE(bits, 22);
  const dataHead = Buffer.alloc(8);
  dataHead.write("data", 0, "latin1");
  dataHead.writeUInt32LE(data.length, 4);
  return Buffer.concat([Buffer.from("RIFF\xff\xff\xff\x7fWAVE", "latin1"), before, format, dataHead, data]);
}

/** @param {string} name @param {Buffer} data */
function pngChunk(name, data) {
  const chunk = Buffer.alloc(data.length + 12);
  chunk.writeUInt32BE(data.length, 0);
  chunk.write(name, 4, "latin1");
  data.copy(chunk, 8);
  return chunk;
}

/** @param {{ width: number, height: number, depth: number, colour: number }} header */
function png({ width, height, depth, colour }, /** @type {Buffer} */ rest) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colour], 8);
  return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), pngChunk("IHDR", header), rest]);
}

function exifSegments() {
  const segment = Buffer.alloc(60_000);
  segment.writeUInt16BE(0xffe1, 0);
  segment.writeUInt16BE(segment.length - 2, 2);
  segment.write("Exif\0\0MM\0*\0\0\0\x08\xff\xff", 4, "latin1");
  for (let at = 20; at + 12 <= segment.length; at += 12) {
    segment.writeUInt16BE(0x010f, at);
    segment.writeUInt16BE(2, at + 2);
    segment.writeUInt32BE(50_000, at + 4);
    segment.writeUInt32BE(8, at + 8);
  }
  return repeated("\xff\xd8", segment);
}

const bomb = () => Buffer.concat([pngChunk("IDAT", deflateSync(Buffer.alloc(120 * 1024 * 1024)))]);

/** @type {Readonly<Record<string, () => Buffer>>} */
const FILES = {
  "PDF of page trees": () => repeated("%PDF-1.7\n", "/Type/Pages "),
  "PDF of types and white space": () => repeated("%PDF-1.7\n/Type", " "),
  "PDF of types, each with white space": () => repeated("%PDF-1.7\n", `/Type${" ".repeat(1_000)}`),
  "PDF of counts": () => repeated("%PDF-1.7\n/Type/Pages", "/Count "),
  "PDF of counts and white space": () => repeated("%PDF-1.7\n/Type/Pages", `/Count${" ".repeat(500)}`),
  "PDF of digits": () => repeated("%PDF-1.7\n/Type/Pages/Count ", "9"),
  "PDF of ends": () => repeated("%PDF-1.7\n", ">"),
  "JPEG of fill bytes": () => repeated("\xff\xd8", "\xff"),
  "JPEG of empty segments": () => repeated("\xff\xd8", "\xff\xe0\x00\x02"),
  "JPEG of Exif segments": exifSegments,
  "PNG of empty chunks": () =>
    png({ width: 1, height: 1, depth: 8, colour: 6 }, repeated("", "\0\0\0\0abcd\0\0\0\0")),
  "PNG that is large when inflated": () => png({ width: 30_000, height: 4_000, depth: 8, colour: 0 }, bomb()),
  "PNG of one line": () => png({ width: 2 ** 31 - 1, height: 1, depth: 1, colour: 0 }, bomb()),
  "PNG of one column": () => png({ width: 1, height: 2 ** 26, depth: 1, colour: 3 }, bomb()),
  "WebP without a chunk": () => repeated("RIFF\0\0\0\0WEBP", "VP8?"),
  "WAV of empty chunks": () => repeated("RIFF\0\0\0\0WAVE", "junk\0\0\0\0"),
  "WAV of tiny frames": () => wav({ rate: 1 }),
  "WAV of a high rate": () => wav({ rate: 4_000_000_000 }),
  "WAV of huge frames": () => wav({ rate: 44_100, channels: 60_000, align: 60_000 }),
  "ZIP of beginnings": () => repeated("PK\x03\x04", "PK\x05\x06"),
  "text of white space": () => repeated("", " \u00a0\n\t"),
  "text that is none at its end": () => repeated("a", "é".repeat(100)),
  "line without an end": () => repeated("", "a"),
};

/** @type {Readonly<Record<string, () => Buffer>>} */
const RECORDINGS = {
  noise: () => wav({ rate: 44_100 }),
  "noise of a low rate": () => wav({ rate: 2_000 }),
  "noise of a high rate": () => wav({ rate: 384_000 }),
  "one sample a second": () => wav({ rate: 1 }),
  "four thousand million samples a second": () => wav({ rate: 4_000_000_000 }),
  "silence after many chunks": () =>
    wav({ rate: 8_000, before: Buffer.alloc(8 * 9_000, "junk\0\0\0\0", "latin1") }),
};

/** @param {Buffer} bytes */
const bodyOf = (bytes) => new Blob([/** @type {BlobPart} */ (bytes)]);

const server = await testServer({ workMs: WORK_MS, workers: 2 });

/** @param {string} path @param {string[]} ends @param {string} [id] */
async function ended(path, ends, id = "") {
  for (;;) {
    const { body } = await server.call(path + id);
    if (ends.includes(body.status)) return body;
    await delay(20);
  }
}

/** @param {any} job */
function notByTime(job) {
  const error = JSON.stringify(job.error ?? job.tracks ?? null);
  assert.ok(!/the most that it may take|worker stopped/.test(error), error);
}

const ENDS = ["completed", "failed"];

describe("a file made to be slow", () => {
  for (const [name, make] of Object.entries(FILES)) {
    it(`is described in time: ${name}`, async () => {
      const { body } = await server.upload("hostile", bodyOf(make()));
      const job = await ended("/api/v1/jobs/", ENDS, body.job_id);
      notByTime(job);
      assert.equal(job.status, "completed");
    });
  }
});

describe("a recording made to be slow", () => {
  for (const [name, make] of Object.entries(RECORDINGS)) {
    it(`is transcribed or refused in time: ${name}`, async () => {
      const { body } = await server.upload(
        "hostile.wav",
        bodyOf(make().subarray(0, SIZE / 4)),
        "?work=transcription",
      );
      notByTime(await ended("/api/v1/jobs/", ENDS, body.job_id));
    });

    it(`is split or refused in time: ${name}`, async () => {
      const { status, body } = await server.call("/api/jobs", { method: "POST", body: bodyOf(make()) });
      if (status !== 400) notByTime(await ended("/api/jobs/", ENDS, body.id));
    });

    it(`is analysed or refused in time: ${name}`, async () => {
      const form = new FormData();
      form.append("tracks", bodyOf(make()), "hostile.wav");
      const { body } = await server.call("/api/analysis/jobs", { method: "POST", body: form });
      notByTime(await ended("/api/analysis/jobs/", ENDS, body.jobId));
    });
  }
});
