/** What is found out about tracks: cleaned names, the parts of the ISRC, which are the same, how they do. */

/**
 * @typedef {object} Metadata
 * @property {string} title without what is in brackets behind it
 * @property {string[]} artists the main one first
 * @property {string} [version] such as "Remix" or "Live"
 * @property {{ country: string, registrant: string, year: number }} [isrc]
 */

const ISRC = /^([A-Z]{2})([A-Z0-9]{3})(\d{2})(\d{5})$/;
const VERSION = /\b(remix|remaster(?:ed)?|live|acoustic|radio edit|instrumental|demo)\b/i;
/** A run of white space would be looked at again from each of its characters. */
const WHITE_SPACE = /\s+/g;
const FEATURING = /\s+(?:feat\.?|ft\.?|featuring|with)\s+/i;
/** Two spellings with at least this share of their trigrams in common are one title. */
const SAME = 0.8;
/** Of one artist: an artist of thousands of titles is most likely several. */
const MAX_COMPARED = 200;

/** @param {string} text */
export function normalise(text) {
  return text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
}

/**
 * An ISRC has two digits of the year: recordings of the century before have got theirs later.
 * @param {string} text
 */
function readIsrc(text) {
  const [, country = "", registrant = "", year = ""] =
    ISRC.exec(text.replaceAll("-", "").toUpperCase()) ?? [];
  if (year === "")
    throw new RangeError(`"${text}" is no ISRC: it has two letters, three characters, seven digits.`);
  return {
    country,
    registrant,
    year: Number(year) + (Number(year) > new Date().getFullYear() % 100 ? 1900 : 2000),
  };
}

/**
 * @param {Pick<import("./library.mjs").Track, "trackName" | "artistName" | "isrc" | "durationMs" | "streams">} track
 * @returns {Metadata}
 */
export function readMetadata({ trackName, artistName, isrc, durationMs, streams }) {
  if (normalise(trackName) === "") throw new RangeError("The track has no name.");
  if (normalise(artistName) === "") throw new RangeError("The track has no artist.");
  if (!Number.isInteger(durationMs) || durationMs < 0)
    throw new RangeError("Its duration is no whole number of ms.");
  if (!Number.isSafeInteger(streams) || streams < 0) throw new RangeError("Its streams are no whole number.");
  const [fullName, artist] = [trackName, artistName].map((text) => text.replace(WHITE_SPACE, " "));
  const [, base = fullName, bracket = ""] = /^(.+?)\s*(?:[([]|\s-\s)(.*)$/.exec(fullName) ?? [];
  const [title = base, ...guests] = base.split(FEATURING);
  const [, guest = ""] = /^(?:feat\.?|ft\.?|featuring|with)\s+([^)\]]+)/i.exec(bracket) ?? [];
  const artists = [artist, ...guests, guest].flatMap((names) => names.split(FEATURING));
  const version = VERSION.exec(bracket)?.[1];
  return {
    title: title.trim(),
    artists: artists.flatMap((names) => names.split(/\s*[,;&]\s*/)).filter((name) => name !== ""),
    ...(version ? { version } : {}),
    ...(isrc ? { isrc: readIsrc(isrc) } : {}),
  };
}

/** @param {string} text */
function trigrams(text) {
  const padded = `  ${text} `;
  /** @type {Set<string>} */
  const found = new Set();
  for (let at = 0; at + 3 <= padded.length; at += 1) found.add(padded.slice(at, at + 3));
  return found;
}

/**
 * The Sørensen–Dice coefficient.
 * @param {ReadonlySet<string>} one
 * @param {ReadonlySet<string>} other
 */
function similarity(one, other) {
  let common = 0;
  for (const part of one) if (other.has(part)) common += 1;
  return (2 * common) / (one.size + other.size);
}

/** Finds tracks that are the same recording, by their ISRC or by how artist and title are spelt. */
export class Matcher {
  /** @type {Map<string, number>} */
  #byIsrc = new Map();
  /** Of each artist, so that few titles are compared. @type {Map<string, { title: Set<string>, id: number }[]>} */
  #byArtist = new Map();

  /**
   * @param {import("./library.mjs").Track} track with metadata
   * @returns {number | undefined} the id of the first one with this recording
   */
  match({ id, isrc, metadata }) {
    const first = this.#byIsrc.get(isrc);
    if (isrc && first !== undefined) return first;
    if (isrc) this.#byIsrc.set(isrc, id);
    const artist = normalise(metadata?.artists[0] ?? "");
    const title = trigrams(normalise(`${metadata?.title ?? ""} ${metadata?.version ?? ""}`));
    const titles = this.#byArtist.get(artist) ?? [];
    const same = titles.find((known) => similarity(known.title, title) >= SAME);
    if (!same && titles.length < MAX_COMPARED) this.#byArtist.set(artist, titles.concat({ title, id }));
    return same?.id;
  }
}

/**
 * The share of tracks that have fewer streams, 0–100.
 * @param {readonly number[]} sorted streams of all tracks, ascending
 * @param {number} streams
 */
export function percentile(sorted, streams) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) < streams) low = middle + 1;
    else high = middle;
  }
  return Math.round((1000 * low) / Math.max(1, sorted.length)) / 10;
}
