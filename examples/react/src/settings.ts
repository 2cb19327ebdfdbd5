/** What the page is told by its address, and times in ms. */
import { query } from "./address";

export { IN_WORKER, SERVER } from "./address";

/** Between two reads of a job while it is polled. */
export const POLL_MS = 2000;
/** How much later than the heartbeat is due the connection counts as dead. */
export const HEARTBEAT_TIMEOUT_MS = 10_000;
export const DEFAULT_HEARTBEAT_MS = 30_000;

/** Short recordings are done before anybody sees their bar: least time of each stage; `?pace=` sets it. */
export const PACE_MS = Number(query.get("pace") ?? 900);
/** The same with "Slow jobs down": long enough to break things. */
export const SLOW_PACE_MS = 9000;
/** Where "Make the next job fail" makes it fail. */
export const FAILING_STAGE = "separation";
