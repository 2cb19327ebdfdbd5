/** What the page is told by its address, and times in ms. */
import { query } from "../address";

export { IN_WORKER, SERVER } from "../address";

/** Where the server's sockets are; `?path=` tells of another place, such as one where there is none. */
export const PATH = query.get("path") ?? "/api/images_mvp/progress/{id}";
export const MISSING_PATH = "/api/images_mvp/nowhere/{id}";

/** Most sockets at once; further uploads wait for their turn. */
export const MAX_SOCKETS = 3;
/** More uploads than sockets. */
export const CROWD = 8;

/** Between two pings, which measure the round trip. */
export const PING_MS = 3000;

/** Least time of each of an extraction's steps, so that people can watch it; `?pace=` sets it. */
export const PACE_MS = Number(query.get("pace") ?? 350);
export const SLOW_PACE_MS = 4000;
