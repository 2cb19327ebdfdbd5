export { JobsClient } from "./client/client.js";
export { JobsError } from "./errors.js";
export { unknownJob } from "./jobs/jobs.js";
export type { JobsErrorCode } from "./errors.js";
export type * from "./channels/payloads.js";
export type * from "./channels/standard-schema.js";
export type * from "./types.js";
