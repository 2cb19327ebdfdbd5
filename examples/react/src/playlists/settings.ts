/** What the page is told by its address, and times in ms. */
import { query } from "../address";

export { IN_WORKER, SERVER } from "../address";

/** Least time of each batch of 50 rows, so that people can watch small files; `?pace=` sets it. */
export const PACE_MS = Number(query.get("pace") ?? 200);

export const SAMPLE_ROWS = 1000;

/** Most playlists in the table, and entries of activity. */
export const MOST_PLAYLISTS = 100;
export const MOST_ACTIVITY = 50;
