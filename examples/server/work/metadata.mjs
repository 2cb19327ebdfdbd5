/** Tells a file's format by its first bytes, never by its name, and reads what the format says about itself. */
import { readPdf, readZip } from "./formats/documents.mjs";
import { readGif, readJpeg, readPng, readWebp } from "./formats/images.mjs";
import { readUnknown } from "./formats/plain.mjs";
import { readWav } from "./formats/wav.mjs";

/** @typedef {Record<string, unknown>} Metadata */
/** @typedef {(source: import("./source.mjs").Source, report: (fraction: number) => void) => Metadata} Reader */

/** @type {readonly { format: string, matches: (head: Buffer) => boolean, read: Reader }[]} */
const FORMATS = [
  { format: "png", matches: (head) => starts(head, "\x89PNG\r\n\x1a\n"), read: readPng },
  { format: "jpeg", matches: (head) => starts(head, "\xff\xd8\xff"), read: readJpeg },
  { format: "gif", matches: (head) => starts(head, "GIF87a") || starts(head, "GIF89a"), read: readGif },
  {
    format: "webp",
    matches: (head) => starts(head, "RIFF") && starts(head.subarray(8), "WEBP"),
    read: readWebp,
  },
  {
    format: "wav",
    matches: (head) => starts(head, "RIFF") && starts(head.subarray(8), "WAVE"),
    read: readWav,
  },
  { format: "pdf", matches: (head) => starts(head, "%PDF-"), read: readPdf },
  {
    format: "zip",
    matches: (head) => starts(head, "PK\x03\x04") || starts(head, "PK\x05\x06"),
    read: readZip,
  },
];

/**
 * @param {Buffer} head
 * @param {string} magic one character a byte
 */
function starts(head, magic) {
  return head.subarray(0, magic.length).equals(Buffer.from(magic, "latin1"));
}

/**
 * A damaged file is no failure of the job: it is described as far as it can be read.
 * @param {import("./source.mjs").Source} source
 * @param {(fraction: number) => void} report
 * @returns {{ format: string, metadata: Metadata }}
 */
export function readMetadata(source, report) {
  const head = source.read(0, 16);
  const known = FORMATS.find((one) => one.matches(head));
  if (!known) return readUnknown(source, report);
  try {
    return { format: known.format, metadata: known.read(source, report) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return {
      format: known.format,
      metadata: { damaged: `The ${known.format} structure is incomplete: ${reason}` },
    };
  }
}
