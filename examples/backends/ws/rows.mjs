/** Reads the rows of a CSV file as a stream: of any length, quoted or not, with or without a byte order mark. */
import { createReadStream } from "node:fs";
import { CsvError, parse } from "csv-parse";
import { HttpError } from "../../server/responses.mjs";

/** @typedef {Record<string, string>} Row the columns by name; one that a row leaves out is missing */

const REQUIRED = ["playlist_id", "track_name", "artist_name"];
export const COLUMNS = [...REQUIRED, "playlist_name", "playlist_followers", "isrc", "duration_ms", "streams"];
const MAX_ROW_BYTES = 64 * 1024;
/** The parser looks at all of them in every row, also in a short one. */
const MAX_COLUMNS = 100;

/** @param {readonly string[]} header */
function checkHeader(header) {
  if (header.length > MAX_COLUMNS)
    throw new HttpError(400, `The first line has more than ${MAX_COLUMNS} columns.`);
  const names = header.map((name) => name.trim().toLowerCase());
  const missing = REQUIRED.filter((name) => !names.includes(name));
  if (missing.length === 0) return names;
  throw new HttpError(
    400,
    `The first line has no column ${missing.join(", ")}; it takes ${COLUMNS.join(", ")}.`,
  );
}

/**
 * @param {string} path
 * @returns {AsyncGenerator<Row>}
 */
export async function* readRows(path) {
  const file = createReadStream(path);
  const parser = parse({
    bom: true,
    columns: checkHeader,
    max_record_size: MAX_ROW_BYTES,
    relax_column_count_less: true,
    skip_empty_lines: true,
    trim: true,
  });
  file.on("error", (error) => parser.destroy(error));
  try {
    yield* file.pipe(parser);
  } catch (error) {
    if (error instanceof CsvError) throw new HttpError(400, `This is not a CSV file: ${error.message}.`);
    throw error;
  } finally {
    file.destroy();
  }
}

/** @param {string} path @returns {Promise<number>} how many there are, when all of them can be read */
export async function countRows(path) {
  let count = 0;
  const rows = readRows(path);
  while (!(await rows.next()).done) count += 1;
  if (count === 0) throw new HttpError(400, "The file has no rows; send the header and at least one row.");
  return count;
}
