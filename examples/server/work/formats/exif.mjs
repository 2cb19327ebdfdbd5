/** The first directory of an Exif segment: camera, orientation, time. Exif 2.3, sections 4.5 and 4.6. */

/** @type {ReadonlyMap<number, string>} */
const TAGS = new Map([
  [0x010f, "camera_make"],
  [0x0110, "camera_model"],
  [0x0112, "orientation"],
  [0x0131, "software"],
  [0x0132, "date_time"],
]);
const ASCII = 2;
const SHORT = 3;
const ENTRY_BYTES = 12;

/**
 * @param {Buffer} segment payload of an APP1 segment
 * @returns {Record<string, string | number>} empty when this is no readable Exif
 */
export function readExif(segment) {
  if (segment.toString("latin1", 0, 6) !== "Exif\0\0") return {};
  const tiff = segment.subarray(6);
  const order = tiff.toString("latin1", 0, 2);
  if (order !== "II" && order !== "MM") return {};
  const little = order === "II";
  /** @param {number} at */
  const u16 = (at) => (little ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  /** @param {number} at */
  const u32 = (at) => (little ? tiff.readUInt32LE(at) : tiff.readUInt32BE(at));

  /** @type {Record<string, string | number>} */
  const found = {};
  try {
    const directory = u32(4);
    for (let index = 0; index < u16(directory); index += 1) {
      const entry = directory + 2 + index * ENTRY_BYTES;
      const name = TAGS.get(u16(entry));
      const type = u16(entry + 2);
      if (name && type === SHORT) found[name] = u16(entry + 8);
      if (!name || type !== ASCII) continue;
      const length = u32(entry + 4);
      const start = length <= 4 ? entry + 8 : u32(entry + 8);
      found[name] =
        tiff
          .toString("latin1", start, Math.min(start + length, start + 200))
          .split("\0")[0]
          ?.trim() ?? "";
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    // A directory cut short: what was read before it ended still holds.
  }
  return found;
}
