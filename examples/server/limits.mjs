/** The settings that every server on Node has for its own safety. */
import { integer, list } from "./settings.mjs";

/**
 * @typedef {object} Limits
 * @property {readonly string[]} allowedHosts names under which the server is reached, beside loopback ones
 * @property {readonly string[]} allowedOrigins of pages that may use the server, beside loopback ones
 * @property {boolean} control whether the endpoints that cause faults on purpose exist; loopback only
 * @property {number} headersMs how long a client may take to send the headers of a request
 * @property {number} idleMs how long a client may send nothing of a body that is not complete
 * @property {number} bodyMs how long a client may take to send a whole body
 * @property {number} maxUploads how many uploads are received at the same time
 * @property {number} maxStoredBytes of all files that are kept on disk
 * @property {number} workMs how long the work on one file may take
 */

const GIB = 1024 ** 3;
const TIME_MS = { min: 10, max: 24 * 3_600_000 };

/** @param {NodeJS.ProcessEnv} env @returns {Limits} */
export function readLimits(env) {
  /** @param {string} name @param {number} fallback @param {{ min: number, max: number }} range */
  const number = (name, fallback, range) => integer(name, env[name], fallback, range);
  return {
    allowedHosts: list(env["JOBWIRE_ALLOWED_HOSTS"]),
    allowedOrigins: list(env["JOBWIRE_ALLOWED_ORIGINS"]),
    control: env["JOBWIRE_CONTROL"] === "1",
    headersMs: number("JOBWIRE_HEADERS_MS", 10_000, TIME_MS),
    idleMs: number("JOBWIRE_UPLOAD_IDLE_MS", 30_000, TIME_MS),
    bodyMs: number("JOBWIRE_UPLOAD_MS", 30 * 60_000, TIME_MS),
    maxUploads: number("JOBWIRE_MAX_UPLOADS", 64, { min: 1, max: 10_000 }),
    maxStoredBytes: number("JOBWIRE_MAX_STORED_BYTES", 4 * GIB, { min: 1, max: 1024 * GIB }),
    workMs: number("JOBWIRE_WORK_MS", 300_000, TIME_MS),
  };
}
