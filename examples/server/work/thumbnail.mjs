/** Draws a preview: the picture itself for PNG, the waveform for WAV, the distribution of bytes for the rest. */
import { Canvas } from "./canvas.mjs";
import { decodePng } from "./png.mjs";
import { drawBytes } from "./bytes-picture.mjs";
import { drawWaveform } from "./waveform.mjs";

/** @typedef {import("./source.mjs").Source} Source */
/** @typedef {(fraction: number) => void} Report */

const LARGEST_SIDE = 160;

/**
 * @param {Source} source
 * @param {Report} report
 */
function shrinkPng(source, report) {
  let thumbnail = new Canvas(1, 1);
  /** Sums of premultiplied colour, alpha and the number of pixels, per pixel of the thumbnail. */
  let sums = new Float64Array(0);
  decodePng(source, ({ width, height }) => {
    const scale = Math.min(1, LARGEST_SIDE / Math.max(width, height));
    thumbnail = new Canvas(Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)));
    sums = new Float64Array(thumbnail.width * thumbnail.height * 5);
    return (y, rgba) => {
      const row = Math.floor((y * thumbnail.height) / height) * thumbnail.width;
      for (let x = 0; x < width; x += 1) {
        const at = (row + Math.floor((x * thumbnail.width) / width)) * 5;
        const alpha = rgba[x * 4 + 3] ?? 0;
        for (let channel = 0; channel < 3; channel += 1) {
          sums[at + channel] = (sums[at + channel] ?? 0) + (rgba[x * 4 + channel] ?? 0) * alpha;
        }
        sums[at + 3] = (sums[at + 3] ?? 0) + alpha;
        sums[at + 4] = (sums[at + 4] ?? 0) + 1;
      }
      if (y % 64 === 0) report(y / height);
    };
  });
  for (let pixel = 0; pixel < thumbnail.width * thumbnail.height; pixel += 1) {
    const [red = 0, green = 0, blue = 0, alpha = 0, count = 0] = sums.subarray(pixel * 5, pixel * 5 + 5);
    if (alpha === 0) continue;
    thumbnail.pixels.set(
      [red / alpha, green / alpha, blue / alpha, alpha / count].map(Math.round),
      pixel * 4,
    );
  }
  report(1);
  return thumbnail;
}

/** @type {Record<string, { kind: string, draw: (source: Source, report: Report) => Canvas }>} */
const PREVIEWS = {
  png: { kind: "picture", draw: shrinkPng },
  wav: { kind: "waveform", draw: drawWaveform },
};

/**
 * @param {Source} source
 * @param {string} format
 * @param {Report} report
 * @returns {{ kind: string, png: Buffer }}
 */
export function makeThumbnail(source, format, report) {
  const preview = PREVIEWS[format];
  if (preview) {
    try {
      return { kind: preview.kind, png: preview.draw(source, report).toPng() };
    } catch {
      // A damaged or unusual file still has bytes to show.
    }
  }
  return { kind: "bytes", png: drawBytes(source, report).toPng() };
}
