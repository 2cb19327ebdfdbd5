/** Files without a known signature: text is counted, anything else is measured. */
import { ByteStatistics } from "../statistics.mjs";

const LINE_FEED = 10;

/** @param {number} code UTF-16 code unit */
const isBlank = (code) =>
  code < 128 ? code === 32 || (code >= 9 && code <= 13) : /\s/.test(String.fromCharCode(code));

/** @param {number} code */
const isLowSurrogate = (code) => code >= 0xdc00 && code <= 0xdfff;

/**
 * @param {import("../source.mjs").Source} source
 * @param {(fraction: number) => void} report
 */
export function readUnknown(source, report) {
  if (source.size === 0) return { format: "empty", metadata: { size: 0 } };
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const statistics = new ByteStatistics();
  let isText = true;
  let lines = 0;
  let words = 0;
  let characters = 0;
  let inWord = false;
  let last = 0;

  /** @param {string} text */
  const count = (text) => {
    for (let index = 0; index < text.length; index += 1) {
      const code = text.charCodeAt(index);
      const blank = isBlank(code);
      if (code === LINE_FEED) lines += 1;
      if (!blank && !inWord) words += 1;
      inWord = !blank;
      if (!isLowSurrogate(code)) characters += 1;
      last = code;
    }
  };

  for (const chunk of source.chunks(report)) {
    statistics.add(chunk);
    if (!isText) continue;
    try {
      if (chunk.includes(0)) throw new TypeError("a zero byte");
      count(decoder.decode(chunk, { stream: true }));
    } catch {
      isText = false;
    }
  }
  if (isText) {
    try {
      count(decoder.decode());
      return { format: "text", metadata: { lines: lines + (last === LINE_FEED ? 0 : 1), words, characters } };
    } catch {
      // Ends in the middle of a character, so it was no UTF-8 after all.
    }
  }
  const { entropy, distinct } = statistics;
  return {
    format: "binary",
    metadata: { size: source.size, entropy_bits_per_byte: entropy, distinct_bytes: distinct },
  };
}
