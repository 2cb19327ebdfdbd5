/** Reads the server's settings from the environment and the command line, and refuses what makes no sense. */
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { readLimits } from "./limits.mjs";
import { integer, list } from "./settings.mjs";

/**
 * @typedef {object} OwnConfig
 * @property {string} host
 * @property {number} port 0 lets the operating system choose
 * @property {string} staticDir the built demo page
 * @property {number} heartbeatMs
 * @property {readonly string[]} tokens accepted tokens; none means that no token is asked for
 * @property {number} maxUploadBytes
 * @property {number} workers threads that work on files
 * @property {number} pingIntervalMs time between pings of Socket.IO
 * @property {number} pingTimeoutMs how long a Socket.IO client may take to answer one
 *
 * @typedef {OwnConfig & import("./limits.mjs").Limits} Config
 */

const GIB = 1024 ** 3;
const PING_RANGE = { min: 10, max: 3_600_000 };

/**
 * @param {NodeJS.ProcessEnv} [env]
 * @param {readonly string[]} [args]
 * @returns {Config}
 */
export function readConfig(env = process.env, args = []) {
  const { values } = parseArgs({
    args: [...args],
    options: { port: { type: "string" }, host: { type: "string" }, static: { type: "string" } },
  });
  return {
    ...readLimits(env),
    host: values.host ?? env["HOST"] ?? "127.0.0.1",
    port: integer("--port / PORT", values.port ?? env["PORT"], 8787, { min: 0, max: 65_535 }),
    staticDir: values.static ?? fileURLToPath(new URL("../react/dist", import.meta.url)),
    heartbeatMs: integer("HEARTBEAT_MS", env["HEARTBEAT_MS"], 30_000, { min: 10, max: 3_600_000 }),
    tokens: list(env["JOBWIRE_TOKENS"]),
    maxUploadBytes: integer("JOBWIRE_MAX_UPLOAD_BYTES", env["JOBWIRE_MAX_UPLOAD_BYTES"], GIB, {
      min: 1,
      max: 16 * GIB,
    }),
    workers: integer("JOBWIRE_WORKERS", env["JOBWIRE_WORKERS"], Math.max(2, availableParallelism() - 1), {
      min: 1,
      max: 64,
    }),
    pingIntervalMs: integer("PING_INTERVAL_MS", env["PING_INTERVAL_MS"], 25_000, PING_RANGE),
    pingTimeoutMs: integer("PING_TIMEOUT_MS", env["PING_TIMEOUT_MS"], 20_000, PING_RANGE),
  };
}
