/** What the page is told by its address, and times in ms. */

const query = new URLSearchParams(location.search);

/** Base address of the server: the page's own, or that of `?server=`. */
export const SERVER = new URL(query.get("server") ?? "/", location.href).href;

/** `?worker=1` runs the whole client in a worker. */
export const IN_WORKER = query.get("worker") === "1";

/** Least time of each batch of 50 rows, so that people can watch small files; `?pace=` sets it. */
export const PACE_MS = Number(query.get("pace") ?? 200);

export const SAMPLE_ROWS = 1000;

/** Most playlists in the table, and entries of activity. */
export const MOST_PLAYLISTS = 100;
export const MOST_ACTIVITY = 50;
