/** What the worker does: takes the rows of a file into the library, and enriches tracks in three phases. */
import { setImmediate as yieldToOthers, setTimeout as delay } from "node:timers/promises";
import { Matcher, percentile, readMetadata } from "./enrichment.mjs";
import { MAX_TEXT } from "./library.mjs";
import { readRows } from "./rows.mjs";

/** @typedef {import("./library.mjs").Track} Track */
/** @typedef {import("./library.mjs").Playlist} Playlist */
/** @typedef {import("./jobs.mjs").Job} Job */
/**
 * @typedef {object} Context
 * @property {import("./library.mjs").Library} library
 * @property {import("./broadcaster.mjs").Broadcast} broadcast
 * @property {number} pace least time of a batch, ms
 */

const BATCH = 50;
/** Playlists of refused rows that are reported one by one, at most. */
const MAX_REFUSED = 1_000;
const PHASES = 3;

/**
 * The least time that work takes which waits for `pace` in every batch.
 * @param {number} rows
 * @param {number} pace ms
 */
export const pausesOf = (rows, pace) => PHASES * Math.ceil(rows / BATCH) * pace;

/**
 * @template Item
 * @param {readonly Item[]} items
 */
function* batches(items) {
  for (let from = 0; from < items.length; from += BATCH) yield items.slice(from, from + BATCH);
}

/** Lets sockets and requests have their turn between batches. @param {number} pace @param {AbortSignal} signal */
async function pause(pace, signal) {
  if (pace > 0) await delay(pace, undefined, { signal });
  else await yieldToOthers();
  signal.throwIfAborted();
}

/**
 * A row that cannot be used is counted and told; the others are imported.
 * @param {Context} context
 * @param {string} path of the CSV file
 * @param {Track[]} imported takes the tracks that were made
 * @returns {import("./jobs.mjs").Work}
 */
export function importing({ library, broadcast, pace }, path, imported) {
  return async (job, signal) => {
    const { jobId, progress } = job;
    /** @type {Set<Playlist>} */
    const changed = new Set();
    /** @type {Set<string>} */
    const refused = new Set();
    const tell = () => {
      const { processed: completed, total, succeeded, failed } = progress;
      broadcast("bulk_import_progress", { importId: jobId, completed, total, succeeded, failed });
    };
    tell();
    for await (const row of readRows(path)) {
      const id = (row["playlist_id"] ?? "").slice(0, MAX_TEXT);
      try {
        const playlist = library.playlistOf(row);
        imported.push(library.addTrack(playlist, row));
        changed.add(playlist);
        progress.succeeded += 1;
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        progress.failed += 1;
        if (refused.size < MAX_REFUSED && !refused.has(id)) {
          refused.add(id);
          library.failed(id, error.message);
        }
      }
      progress.processed += 1;
      if (progress.processed % BATCH !== 0) continue;
      tell();
      await pause(pace, signal);
    }
    if (progress.processed % BATCH !== 0) tell();
    for (const playlist of changed) library.tracksChanged(playlist);
    const { succeeded, failed } = progress;
    library.log("playlists_imported", `Imported ${succeeded} tracks, refused ${failed} rows`, { jobId });
  };
}

/**
 * @param {Context} context
 * @param {readonly Track[]} tracks read when the work begins
 * @param {{ fail?: boolean }} [options] whether it fails in the second phase
 * @returns {import("./jobs.mjs").Work}
 */
export function enriching(context, tracks, { fail = false } = {}) {
  return async (job, signal) => {
    job.progress.total = tracks.length;
    try {
      await allPhases(new Enrichment(context, job, signal), tracks, fail);
    } catch (error) {
      for (const track of tracks) {
        if (track.enrichmentStatus === "enriching") context.library.trackStatus(track, "pending");
      }
      throw error;
    }
    const { jobId, progress } = job;
    context.library.log("enrichment_completed", `Enriched ${progress.succeeded} tracks`, { jobId });
    context.library.analyticsChanged();
  };
}

/**
 * @param {Enrichment} run
 * @param {readonly Track[]} tracks
 * @param {boolean} fail
 */
async function allPhases(run, tracks, fail) {
  const readable = await run.phase(1, "metadata", tracks, (track) => run.readMetadata(track));
  const matcher = new Matcher();
  const matched = await run.phase(2, "matching", readable, (track) => {
    if (fail) throw new Error("The catalogue did not answer, as this job asked for.");
    track.duplicateOf = matcher.match(track);
    return true;
  });
  const streams = matched.map((track) => track.streams).sort((one, other) => one - other);
  const score = (/** @type {Track} */ track) => run.score(track, streams);
  await run.phase(3, "chartmetric", matched, score, () => run.batchScored());
}

/** One enrichment under way. */
class Enrichment {
  #context;
  #job;
  #signal;
  /** @type {Set<Playlist>} those with tracks that were scored in this batch */
  #touched = new Set();
  #batch = 0;

  /** @param {Context} context @param {Job} job @param {AbortSignal} signal */
  constructor(context, job, signal) {
    this.#context = context;
    this.#job = job;
    this.#signal = signal;
  }

  /**
   * @param {number} phase
   * @param {string} name
   * @param {readonly Track[]} tracks
   * @param {(track: Track) => boolean} work whether the track goes on into the next phase
   * @param {() => void} [afterBatch]
   */
  async phase(phase, name, tracks, work, afterBatch = () => {}) {
    const { broadcast, pace } = this.#context;
    const { jobId } = this.#job;
    this.#job.phase = name;
    const began = performance.now();
    broadcast("enrichment_phase_started", { jobId, phase, name, total: tracks.length });
    /** @type {Track[]} */
    const left = [];
    for (const batch of batches(tracks)) {
      left.push(...batch.filter(work));
      afterBatch();
      await pause(pace, this.#signal);
    }
    broadcast("enrichment_phase_completed", {
      jobId,
      phase,
      name,
      succeeded: left.length,
      failed: tracks.length - left.length,
      durationMs: Math.round(performance.now() - began),
    });
    return left;
  }

  /** @param {Track} track */
  readMetadata(track) {
    const { library } = this.#context;
    library.trackStatus(track, "enriching");
    try {
      track.metadata = readMetadata(track);
      return true;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#job.progress.processed += 1;
      this.#job.progress.failed += 1;
      library.trackStatus(track, "failed", error.message);
      return false;
    }
  }

  /** @param {Track} track @param {readonly number[]} streams of all, ascending */
  score(track, streams) {
    const { library, broadcast } = this.#context;
    const { id: trackId, playlistId, trackName, artistName } = track;
    const score = percentile(streams, track.streams);
    library.scored(track, score);
    this.#job.progress.processed += 1;
    this.#job.progress.succeeded += 1;
    library.trackStatus(track, "completed");
    broadcast("track_enriched", { trackId, trackName, artistName, playlistId, score });
    const playlist = library.get(playlistId);
    if (playlist) this.#touched.add(playlist);
    return true;
  }

  batchScored() {
    const { library, broadcast } = this.#context;
    const { jobId, progress } = this.#job;
    this.#batch += 1;
    broadcast("chartmetric_progress", { jobId, progress: { ...progress } });
    broadcast("batch_complete", { jobId, batch: this.#batch, progress: { ...progress } });
    for (const playlist of this.#touched) library.metricsChanged(playlist);
    this.#touched.clear();
  }
}
