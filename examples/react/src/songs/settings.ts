/** What the page is told by its address, and times in ms. */
import { query, SERVER } from "../address";

export { IN_WORKER, SERVER } from "../address";

/** Where its HTTP routes are; `?api=/` for the back-end on Bun, which has no others. */
export const API = new URL(query.get("api") ?? "api/analysis/", SERVER).href;

/** Between two reads of a job while there is no socket. */
export const POLL_MS = 3000;

/** How long a client nobody uses stays connected: StrictMode and fast refresh mount again sooner. */
export const GRACE_MS = 1000;

/** Least time of each song's analysis, so that people can watch it; `?pace=` sets it. */
export const PACE_MS = Number(query.get("pace") ?? 600);
export const SLOW_PACE_MS = 5000;
