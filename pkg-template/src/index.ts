export { JobsClient } from "./client.js";
export { JobsError } from "./errors.js";
export { unknownJob } from "./jobs.js";
export type { JobsErrorCode } from "./errors.js";
export type * from "./payloads.js";
export type * from "./standard-schema.js";
export type * from "./types.js";
