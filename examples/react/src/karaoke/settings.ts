/** What the page is told by its address, and times in ms. */
import { query } from "../address";

export { IN_WORKER, SERVER } from "../address";

/** `?transports=polling,websocket`: which ways to the server are tried, and in which order. */
export const TRANSPORTS = query
  .get("transports")
  ?.split(",")
  .filter((name): name is "websocket" | "polling" => name === "websocket" || name === "polling");

/** `?view=remote`: the controls alone, for a phone. */
export const IS_REMOTE = query.get("view") === "remote";

/** How long a connection without users stays open: a component that is mounted again finds it as it was. */
export const GRACE_MS = 1000;

/** Between two reads of a job over HTTP while there is no connection. */
export const FALLBACK_MS = 2000;

/** How long the queue still shows a job that has ended. */
export const ENDED_SHOWN_MS = 3000;
export const CANCELLED_SHOWN_MS = 1000;

/** Least time of each of a song's steps: short songs are done before anybody sees their bar. */
export const PACE_MS = 200;
export const SLOW_PACE_MS = 1500;
