/** Playlists, their tracks and the log of activity, in memory. What changes is told to all browsers. */

import { COLUMNS } from "./rows.mjs";

/**
 * @typedef {object} Track
 * @property {number} id
 * @property {string} playlistId
 * @property {string} trackName
 * @property {string} artistName
 * @property {string} isrc "" when the row had none
 * @property {number} durationMs
 * @property {number} streams
 * @property {"pending" | "enriching" | "completed" | "failed"} enrichmentStatus
 * @property {string} [error]
 * @property {import("./enrichment.mjs").Metadata} [metadata]
 * @property {number} [duplicateOf] the id of the first track with the same recording
 * @property {number} [score] 0–100
 *
 * @typedef {object} Playlist
 * @property {number} id
 * @property {string} playlistId as the platform has it
 * @property {string} name
 * @property {number} followers
 * @property {Track[]} tracks
 * @property {Sums} sums over the tracks
 *
 * @typedef {{ enriched: number, streams: number, scored: number, tenths: number }} Sums `tenths` of the scores
 *
 * @typedef {{ id: number, action: string, description: string, playlistId?: string, jobId?: string, at: string }} Activity
 */

const KEPT_ACTIVITY = 500;
const MAX_TRACKS = 200_000;
const ANALYTICS_EVERY_MS = 1_000;
/** Of one text of a row. */
export const MAX_TEXT = 200;
/** Ids of Spotify: 22 characters of base 62. */
const PLAYLIST_ID = /^[0-9A-Za-z]{22}$/;

/** What is no number of streams fails when the track is enriched. @param {number} streams */
const countable = (streams) => (Number.isSafeInteger(streams) && streams >= 0 ? streams : 0);
/** @param {number} number */
const rounded = (number) => Math.round(number * 100) / 100;

export class Library {
  /** @type {Map<string, Playlist>} */
  #playlists = new Map();
  /** @type {Activity[]} */
  activity = [];
  #broadcast;
  #nextId = 1;
  #trackCount = 0;
  /** @type {NodeJS.Timeout | undefined} */
  #analyticsDue;

  /** @param {import("./broadcaster.mjs").Broadcast} broadcast */
  constructor(broadcast) {
    this.#broadcast = broadcast;
  }

  get playlists() {
    return [...this.#playlists.values()];
  }

  get full() {
    return this.#trackCount >= MAX_TRACKS;
  }

  /** @param {string} playlistId */
  get(playlistId) {
    return this.#playlists.get(playlistId);
  }

  /**
   * The playlist of a row, made or brought up to date by it.
   * @param {import("./rows.mjs").Row} row
   */
  playlistOf(row) {
    if (this.full) throw new RangeError("The library is full.");
    const long = COLUMNS.find((column) => (row[column] ?? "").length > MAX_TEXT);
    if (long) throw new RangeError(`The ${long} has more than ${MAX_TEXT} characters.`);
    const playlistId = row["playlist_id"] ?? "";
    if (!PLAYLIST_ID.test(playlistId)) {
      throw new RangeError(`"${playlistId}" is no id of a playlist: it takes 22 letters and digits.`);
    }
    const name = row["playlist_name"];
    const followers = row["playlist_followers"] ? Number(row["playlist_followers"]) : undefined;
    if (followers !== undefined && !(Number.isSafeInteger(followers) && followers >= 0)) {
      throw new RangeError(`"${row["playlist_followers"]}" is no number of followers.`);
    }
    const known = this.#playlists.get(playlistId);
    if (known) {
      this.update(known, { name, followers });
      return known;
    }
    /** @type {Playlist} */
    const made = {
      id: this.#nextId++,
      playlistId,
      name: name || playlistId,
      followers: followers ?? 0,
      tracks: [],
      sums: { enriched: 0, streams: 0, scored: 0, tenths: 0 },
    };
    this.#playlists.set(playlistId, made);
    this.#updated(made, { name: made.name, followers: made.followers });
    return made;
  }

  /**
   * @param {Playlist} playlist
   * @param {{ name?: string | undefined, followers?: number | undefined }} fields
   */
  update(playlist, { name, followers }) {
    const { playlistId, id } = playlist;
    if (name && name !== playlist.name) {
      playlist.name = name;
      this.#updated(playlist, { name });
    }
    if (followers === undefined || followers === playlist.followers) return;
    const previous = playlist.followers;
    playlist.followers = followers;
    this.#broadcast("follower_count_updated", { playlistId, id, followers, previous });
    this.analyticsChanged();
  }

  /**
   * @param {Playlist} playlist
   * @param {import("./rows.mjs").Row} row
   */
  addTrack(playlist, row) {
    /** @type {Track} */
    const track = {
      id: this.#nextId++,
      playlistId: playlist.playlistId,
      trackName: row["track_name"] ?? "",
      artistName: row["artist_name"] ?? "",
      isrc: row["isrc"] ?? "",
      durationMs: Number(row["duration_ms"] || 0),
      streams: Number(row["streams"] || 0),
      enrichmentStatus: "pending",
    };
    playlist.tracks.push(track);
    playlist.sums.streams += countable(track.streams);
    this.#trackCount += 1;
    return track;
  }

  /** @param {Playlist} playlist */
  tracksChanged(playlist) {
    this.#updated(playlist, { trackCount: playlist.tracks.length });
  }

  /**
   * @param {string} playlistId
   * @param {string} error
   */
  failed(playlistId, error) {
    const known = this.#playlists.get(playlistId);
    this.#broadcast("playlist_error", { playlistId, ...(known ? { id: known.id } : {}), error });
  }

  /**
   * @param {Track} track
   * @param {Track["enrichmentStatus"]} newStatus
   * @param {string} [error]
   */
  trackStatus(track, newStatus, error) {
    const oldStatus = track.enrichmentStatus;
    track.enrichmentStatus = newStatus;
    const sums = this.#playlists.get(track.playlistId)?.sums;
    if (sums) sums.enriched += Number(newStatus === "completed") - Number(oldStatus === "completed");
    if (error) track.error = error;
    const { id: trackId, playlistId } = track;
    this.#broadcast("track_status_changed", {
      trackId,
      playlistId,
      oldStatus,
      newStatus,
      ...(error ? { error } : {}),
    });
  }

  /**
   * @param {Track} track
   * @param {number} score 0–100, to one place
   */
  scored(track, score) {
    const sums = this.#playlists.get(track.playlistId)?.sums;
    if (sums) {
      sums.scored += Number(track.score === undefined);
      sums.tenths += Math.round(10 * score) - Math.round(10 * (track.score ?? 0));
    }
    track.score = score;
  }

  /** From sums that are kept: this is asked for with every batch of tracks. @param {Playlist} playlist */
  metrics({ tracks, sums, followers }) {
    return {
      trackCount: tracks.length,
      enriched: sums.enriched,
      totalStreams: sums.streams,
      averageScore: rounded(sums.tenths / 10 / Math.max(1, sums.scored)),
      followers,
    };
  }

  /** @param {Playlist} playlist */
  metricsChanged(playlist) {
    const { playlistId, id } = playlist;
    this.#broadcast("metric_update", { playlistId, id, metrics: this.metrics(playlist) });
  }

  analytics() {
    const all = this.playlists.map((playlist) => this.metrics(playlist));
    return {
      playlists: all.length,
      tracks: this.#trackCount,
      enriched: all.reduce((sum, one) => sum + one.enriched, 0),
      followers: all.reduce((sum, one) => sum + one.followers, 0),
      totalStreams: all.reduce((sum, one) => sum + one.totalStreams, 0),
    };
  }

  /** Analytics cover the whole library: they are worked out at most once a second. */
  analyticsChanged() {
    this.#analyticsDue ??= setTimeout(() => {
      this.#analyticsDue = undefined;
      this.#broadcast("analytics_updated", this.analytics());
    }, ANALYTICS_EVERY_MS);
  }

  /**
   * @param {string} action
   * @param {string} description
   * @param {{ playlistId?: string, jobId?: string }} [about]
   */
  log(action, description, about = {}) {
    /** @type {Activity} */
    const entry = { id: this.#nextId++, action, description, ...about, at: new Date().toISOString() };
    this.activity = [...this.activity, entry].slice(-KEPT_ACTIVITY);
    this.#broadcast("activity_logged", { ...entry });
  }

  close() {
    clearTimeout(this.#analyticsDue);
  }

  /** @param {Playlist} playlist @param {Record<string, unknown>} updates */
  #updated({ playlistId, id }, updates) {
    this.#broadcast("playlist_updated", { playlistId, id, updates });
    this.analyticsChanged();
  }
}
