/** The state of the karaoke performance: what may be changed and how. */
import { EventError } from "./payload.mjs";

/**
 * @typedef {object} PerformanceState
 * @property {number} vocal_volume 0–1
 * @property {number} instrumental_volume 0–1
 * @property {"small" | "medium" | "large"} lyrics_size
 * @property {number} lyrics_offset ms
 * @property {boolean} is_playing
 * @property {number} current_time s
 * @property {string | null} song_id the job whose results are played; null as long as nobody has chosen
 * @property {number} revision counts up with every change
 */
/** @typedef {{ fits: (value: unknown) => boolean, wanted: string }} Rule */

const MAX_OFFSET_MS = 60_000;
const MAX_TIME_S = 24 * 60 * 60;
const MAX_ID = 100;

/**
 * @param {number} min
 * @param {number} max
 * @returns {Rule}
 */
const number = (min, max) => ({
  fits: (value) => typeof value === "number" && value >= min && value <= max,
  wanted: `a number from ${min} to ${max}`,
});

/** @type {Map<string, Rule>} */
const CONTROLS = new Map([
  ["vocal_volume", number(0, 1)],
  ["instrumental_volume", number(0, 1)],
  [
    "lyrics_size",
    {
      fits: (value) => typeof value === "string" && ["small", "medium", "large"].includes(value),
      wanted: "small, medium or large",
    },
  ],
  ["lyrics_offset", number(-MAX_OFFSET_MS, MAX_OFFSET_MS)],
  ["current_time", number(0, MAX_TIME_S)],
  [
    "song_id",
    {
      fits: (value) => value === null || (typeof value === "string" && value.length <= MAX_ID),
      wanted: "the id of a job, or null",
    },
  ],
]);

/**
 * @param {Record<string, unknown>} payload
 * @returns {Partial<PerformanceState>}
 */
export function checkedControls(payload) {
  for (const [name, value] of Object.entries(payload)) {
    const rule = CONTROLS.get(name);
    if (!rule) throw new EventError(`There is no control ${name}: use ${[...CONTROLS.keys()].join(", ")}.`);
    if (!rule.fits(value)) throw new EventError(`${name} must be ${rule.wanted}.`);
  }
  return payload;
}

export class Performance {
  /** @type {PerformanceState} */
  state = {
    vocal_volume: 0,
    instrumental_volume: 1,
    lyrics_size: "medium",
    lyrics_offset: 0,
    is_playing: false,
    current_time: 0,
    song_id: null,
    revision: 0,
  };

  /** @param {Partial<PerformanceState>} fields */
  change(fields) {
    this.state = { ...this.state, ...fields, revision: this.state.revision + 1 };
    return this.state;
  }
}
