/** What an image file says about itself: its format, its size, and what the camera has written into it. */
import ExifReader from "exifreader";

/** @typedef {import("exifreader").ExpandedTags} Tags */
/**
 * @typedef {object} Metadata
 * @property {string} format
 * @property {number} width as stored
 * @property {number} height as stored
 * @property {Record<string, string>} exif tags that are text or numbers, as people read them
 * @property {{ latitude: number, longitude: number }} [position]
 * @property {number} orientation 1–8, 1 where nothing is said
 */

/** The file is no image that can be read; the text is for the person who sent it. */
export class ImageError extends Error {}

const FORMATS = ["jpeg", "png", "gif", "webp", "tiff", "heic", "avif"];
const MAX_TEXT = 200;
/** Places within the file, and thumbnails: nothing for people. */
const INTERNAL = /Pointer|Offset|ByteCounts|undefined|MakerNote|UserComment|Padding/;

/** @param {Buffer} bytes @returns {Tags} */
function readTags(bytes) {
  try {
    return ExifReader.load(bytes, { expanded: true });
  } catch {
    throw new ImageError(`This is no image that can be read. Send one of ${FORMATS.join(", ")}.`);
  }
}

/** @param {Tags} tags @param {string} name */
function dimension(tags, name) {
  /** @type {Record<string, Record<string, { value?: unknown }> | undefined>} */
  const groups = /** @type {any} */ (tags);
  for (const group of ["file", "pngFile", "png", "gif", "riff", "exif"]) {
    const value = groups[group]?.[name]?.value;
    if (typeof value === "number" && value > 0) return value;
  }
  throw new ImageError("The image is cut off: it does not say how large it is. Send the whole file.");
}

/** @param {Buffer} bytes */
export function detectFormat(bytes) {
  const format = String(readTags(bytes).file?.FileType?.value ?? "");
  if (FORMATS.includes(format)) return format;
  throw new ImageError(`Images of this kind cannot be read. Send one of ${FORMATS.join(", ")}.`);
}

/** @param {Buffer} bytes @returns {Metadata} */
export function readMetadata(bytes) {
  const tags = readTags(bytes);
  const exif = Object.entries(tags.exif ?? {})
    .filter(([name]) => !INTERNAL.test(name))
    .map(([name, tag]) => [name, String(tag?.description ?? "").slice(0, MAX_TEXT)]);
  const { Latitude: latitude, Longitude: longitude } = tags.gps ?? {};
  return {
    format: detectFormat(bytes),
    width: dimension(tags, "Image Width"),
    height: dimension(tags, "Image Height"),
    exif: Object.fromEntries(exif),
    ...(latitude !== undefined && longitude !== undefined ? { position: { latitude, longitude } } : {}),
    orientation: Number(tags.exif?.Orientation?.value ?? 1),
  };
}

/** @param {number} one @param {number} other @returns {number} */
const commonDivisor = (one, other) => (other === 0 ? one : commonDivisor(other, one % other));

/**
 * What follows from the metadata.
 * @param {Metadata} metadata
 */
export function analyse({ width, height, orientation, exif, position }) {
  // From 5 on the camera was held upright: what is stored lies on its side.
  const upright = orientation >= 5 && orientation <= 8;
  const [shownWidth, shownHeight] = upright ? [height, width] : [width, height];
  const divisor = commonDivisor(shownWidth, shownHeight);
  const camera = [exif["Make"], exif["Model"]].filter(Boolean).join(" ");
  const taken = /^(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)$/.exec(exif["DateTimeOriginal"] ?? "");
  return {
    shown_width: shownWidth,
    shown_height: shownHeight,
    megapixels: Math.round(width * height * 1e-4) / 100,
    aspect_ratio: `${shownWidth / divisor}:${shownHeight / divisor}`,
    ...(camera ? { camera } : {}),
    ...(taken ? { taken_at: `${taken[1]}-${taken[2]}-${taken[3]}T${taken[4]}` } : {}),
    // A photo that tells where it was taken should not be published by mistake.
    private: position !== undefined,
  };
}
