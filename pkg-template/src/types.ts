/** The public types. */
export type * from "./channels/types.js";
export type * from "./entities/types.js";
export type * from "./client/inspection-types.js";
export type * from "./jobs/types.js";
export type * from "./client/option-types.js";
export type * from "./store/types.js";
