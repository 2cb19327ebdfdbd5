/** The public types. */
export type * from "./types-channels.js";
export type * from "./types-entities.js";
export type * from "./types-inspection.js";
export type * from "./types-jobs.js";
export type * from "./types-options.js";
export type * from "./types-store.js";
