/** The chunks of a RIFF/WAVE file. */

/** @typedef {import("../source.mjs").Source} Source */
/**
 * @typedef {object} WavLayout
 * @property {number} encoding 1 = integer PCM, 3 = float
 * @property {number} channels
 * @property {number} sampleRate
 * @property {number} bits of one sample
 * @property {number} blockAlign bytes of one sample of all channels
 * @property {number} dataStart
 * @property {number} dataEnd
 */

const EXTENSIBLE = 0xfffe;
const MAX_CHUNKS = 10_000;

/**
 * @param {Source} source
 * @returns {WavLayout}
 */
export function wavLayout(source) {
  /** @type {Buffer | undefined} */
  let format;
  let offset = 12;
  for (let count = 0; count < MAX_CHUNKS; count += 1) {
    const header = source.read(offset, 8);
    const name = header.toString("latin1", 0, 4);
    const length = header.readUInt32LE(4);
    if (name === "fmt ") format = source.read(offset + 8, Math.min(length, 40));
    if (name === "data") {
      if (!format) throw new Error("data comes before its format");
      const encoding = format.readUInt16LE(0);
      return {
        encoding: encoding === EXTENSIBLE ? format.readUInt16LE(24) : encoding,
        channels: format.readUInt16LE(2),
        sampleRate: format.readUInt32LE(4),
        blockAlign: format.readUInt16LE(12),
        bits: format.readUInt16LE(14),
        dataStart: offset + 8,
        // Recorders that stream write a length of 0 or 0xffffffff; the file's end is then the data's end.
        dataEnd: length === 0 ? source.size : Math.min(offset + 8 + length, source.size),
      };
    }
    offset += 8 + length + (length % 2);
  }
  throw new Error("no data chunk");
}

/** @param {Source} source */
export function readWav(source) {
  const { encoding, channels, sampleRate, bits, blockAlign, dataStart, dataEnd } = wavLayout(source);
  if (blockAlign === 0 || sampleRate === 0)
    throw new Error("the format chunk has no sample rate or block size");
  const frames = Math.floor((dataEnd - dataStart) / blockAlign);
  return {
    duration_seconds: Math.round((frames / sampleRate) * 1000) / 1000,
    channels,
    sample_rate: sampleRate,
    bits_per_sample: bits,
    encoding: { 1: "PCM", 3: "float", 6: "A-law", 7: "µ-law" }[encoding] ?? `code ${encoding}`,
  };
}
