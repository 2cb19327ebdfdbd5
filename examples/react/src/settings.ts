/** Times in ms. */

/** Between two reads of a job while it is polled. */
export const POLL_MS = 2000;
/** How much later than the heartbeat is due the connection counts as dead. */
export const HEARTBEAT_TIMEOUT_MS = 10_000;
export const DEFAULT_HEARTBEAT_MS = 30_000;

/** Small files are done before anybody sees their bar, so each stage of their jobs takes at least this long. */
export const SMALL_FILE_PACE_MS = 900;
export const SMALL_FILE_BYTES = 20_000_000;
/** The same with "Slow jobs down": long enough to break things. */
export const SLOW_PACE_MS = 9000;
/** Where "Make the next job fail" makes it fail. */
export const FAILING_STAGE = "thumbnail";
