/** Reads the back-end's settings from the environment and the command line. */
import { parseArgs } from "node:util";
import { readLimits } from "../../server/limits.mjs";
import { integer, list } from "../../server/settings.mjs";

/**
 * @typedef {object} OwnImageConfig
 * @property {readonly string[]} tokens accepted tokens; none means that no token is asked for
 * @property {number} pingIntervalMs
 * @property {number} maxSockets of all sessions together
 * @property {boolean} replay whether a socket that connects late is told the last progress
 * @property {number} maxImageBytes
 *
 * @typedef {OwnImageConfig & { workMs: number }} ImageConfig `workMs` as in `Limits`
 * @typedef {{ host: string, port: number }} Address port 0 lets the operating system choose
 * @typedef {OwnImageConfig & Address & import("../../server/limits.mjs").Limits} Config
 */

/** @param {NodeJS.ProcessEnv} env @returns {OwnImageConfig} */
export function readImageConfig(env) {
  return {
    tokens: list(env["JOBWIRE_TOKENS"]),
    pingIntervalMs: integer("PING_INTERVAL_MS", env["PING_INTERVAL_MS"], 30_000, { min: 10, max: 3_600_000 }),
    maxSockets: integer("MAX_SOCKETS", env["MAX_SOCKETS"], 500, { min: 1, max: 100_000 }),
    replay: env["REPLAY"] !== "0",
    maxImageBytes: integer("MAX_IMAGE_BYTES", env["MAX_IMAGE_BYTES"], 25 * 1024 * 1024, {
      min: 1,
      max: 1024 ** 3,
    }),
  };
}

/**
 * @param {NodeJS.ProcessEnv} [env]
 * @param {readonly string[]} [args]
 * @returns {Config}
 */
export function readConfig(env = process.env, args = []) {
  const { values } = parseArgs({ args: [...args], options: { port: { type: "string" } } });
  return {
    ...readLimits(env),
    host: env["HOST"] ?? "127.0.0.1",
    port: integer("--port / PORT", values.port ?? env["PORT"], 3000, { min: 0, max: 65_535 }),
    ...readImageConfig(env),
  };
}
