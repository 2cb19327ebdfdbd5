/** Writes a CSV file of playlists and tracks: `node make-sample.mjs playlists.csv [ROWS]`. */
import { createWriteStream } from "node:fs";
import { once } from "node:events";
import { pathToFileURL } from "node:url";
import { COLUMNS } from "./rows.mjs";

const FIRST = [
  "Midnight",
  "Paper",
  "Golden",
  "Silent",
  "Broken",
  "Distant",
  "Neon",
  "Velvet",
  "Winter",
  "Café",
];
const SECOND = ["Rivers", "Hearts", "Machines", "Gardens", "Letters", "Mountains", "Signals", "Tigers"];
const ARTISTS = ["Ada Lind", "The Copper Foxes", "Mina & Sol", "João Vale", "Night Bus", "Ōkami"];
const VERSIONS = ["", "", "", " (Live)", " - Remix", " (feat. Ada Lind)"];
const TRACKS_OF_A_PLAYLIST = 100;

/** @template Item @param {readonly Item[]} items @param {number} index */
const pick = (items, index) => /** @type {Item} */ (items[index % items.length]);

/** @param {string} text */
const quoted = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** @param {number} playlist */
export const playlistIdOf = (playlist) => `Playlist${String(playlist).padStart(14, "0")}`;

/**
 * The rows of a made-up library; the same number gives the same rows.
 * @param {number} rows
 */
export function* sampleLines(rows) {
  yield COLUMNS.join(",");
  for (let row = 0; row < rows; row += 1) {
    const playlist = Math.floor(row / TRACKS_OF_A_PLAYLIST);
    /** @type {Record<string, string | number>} */
    const values = {
      playlist_id: playlistIdOf(playlist),
      playlist_name: `${pick(FIRST, playlist)} mix, no. ${playlist + 1}`,
      playlist_followers: (playlist * 7919) % 100_000,
      track_name: `${pick(FIRST, row)} ${pick(SECOND, row * 3)} ${row}${pick(VERSIONS, row * 5)}`,
      artist_name: pick(ARTISTS, row * 7),
      isrc: `DEA12${String(row % 25).padStart(2, "0")}${String(row).padStart(5, "0")}`,
      duration_ms: 120_000 + ((row * 104_729) % 180_000),
      streams: (row * 1_299_709) % 10_000_000,
    };
    yield COLUMNS.map((column) => quoted(String(values[column]))).join(",");
  }
}

/** @param {number} rows */
export const sampleCsv = (rows) => [...sampleLines(rows), ""].join("\n");

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [path, rows = "10000"] = process.argv.slice(2);
  if (!path || !/^[1-9]\d*$/.test(rows)) {
    console.error("Give the path of the file and, if you like, a number of rows.");
    process.exit(2);
  }
  const file = createWriteStream(path);
  for (const line of sampleLines(Number(rows))) if (!file.write(`${line}\n`)) await once(file, "drain");
  file.end();
}
