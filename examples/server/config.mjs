/** Reads the server's settings from the environment and the command line, and refuses what makes no sense. */
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/**
 * @typedef {object} Config
 * @property {string} host
 * @property {number} port 0 lets the operating system choose
 * @property {string} staticDir the built demo page
 * @property {number} heartbeatMs
 * @property {readonly string[]} tokens accepted tokens; none means that no token is asked for
 * @property {boolean} control whether the control, load and lab endpoints exist
 * @property {number} maxUploadBytes
 * @property {number} workers threads that work on files
 * @property {number} pingIntervalMs time between pings of Socket.IO
 * @property {number} pingTimeoutMs how long a Socket.IO client may take to answer one
 */

const GIB = 1024 ** 3;
const PING_RANGE = { min: 10, max: 3_600_000 };

/**
 * @param {string} name
 * @param {string | undefined} text
 * @param {number} fallback
 * @param {{ min: number, max: number }} range
 */
export function integer(name, text, fallback, { min, max }) {
  if (text === undefined || text === "") return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new Error(`${name} is "${text}"; give a whole number from ${min} to ${max}.`);
  }
  return value;
}

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
    host: values.host ?? env["HOST"] ?? "127.0.0.1",
    port: integer("--port / PORT", values.port ?? env["PORT"], 8787, { min: 0, max: 65_535 }),
    staticDir: values.static ?? fileURLToPath(new URL("../react/dist", import.meta.url)),
    heartbeatMs: integer("HEARTBEAT_MS", env["HEARTBEAT_MS"], 30_000, { min: 10, max: 3_600_000 }),
    tokens: (env["JOBWIRE_TOKENS"] ?? "").split(",").filter((token) => token !== ""),
    control: env["JOBWIRE_CONTROL"] !== "0",
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
