/** PDF and ZIP. */

/** @typedef {import("../source.mjs").Source} Source */

/**
 * A page; a node of the page tree (its `s` is there); what such a node says about its pages; the end of a dictionary.
 * Each part matches what begins at one place, so that a file is read in time that grows with its length only.
 */
const MARK = /\/Type\s*\/Page(?:(?<tree>s)\b|(?![A-Za-z]))|\/Count\s+(?<count>\d+)|>/g;
/** Longest text that has to be found across the border of two chunks. */
const OVERLAP = 512;

/**
 * Counts pages roughly: files that keep their page tree in compressed object streams show none.
 * @param {Source} source
 * @param {(fraction: number) => void} report
 */
export function readPdf(source, report) {
  const version = source
    .read(5, 8)
    .toString("latin1")
    .match(/^\d\.\d/)?.[0];
  let pages = 0;
  let declared = 0;
  let encrypted = false;
  let tail = "";
  for (const chunk of source.chunks(report)) {
    const text = tail + chunk.toString("latin1");
    let inTree = false;
    for (const { 0: mark, index, groups = {} } of text.matchAll(MARK)) {
      if (groups["count"] !== undefined && inTree) declared = Math.max(declared, Number(groups["count"]));
      if (mark.endsWith("/Page") && index + mark.length > tail.length) pages += 1;
      // The number stands between the type and the next end of a dictionary.
      inTree = groups["tree"] !== undefined || (inTree && groups["count"] === undefined && mark !== ">");
    }
    encrypted ||= text.includes("/Encrypt");
    tail = text.slice(-OVERLAP);
  }
  const found = declared || pages;
  return { version, pages: found > 0 ? found : undefined, encrypted };
}

const END_RECORD = Buffer.from("PK\x05\x06", "latin1");
const END_BYTES = 22;
const MAX_COMMENT = 65_535;

/** Reads the end of central directory record (APPNOTE 4.3.16). @param {Source} source */
export function readZip(source) {
  const tail = source.read(Math.max(0, source.size - END_BYTES - MAX_COMMENT), END_BYTES + MAX_COMMENT);
  const at = tail.lastIndexOf(END_RECORD);
  if (at < 0) throw new Error("no central directory");
  const entries = tail.readUInt16LE(at + 10);
  return {
    entries: entries === 0xffff ? "65535 or more" : entries,
    directory_bytes: tail.readUInt32LE(at + 12),
    comment: tail.toString("utf8", at + END_BYTES, at + END_BYTES + tail.readUInt16LE(at + 20)) || undefined,
  };
}
