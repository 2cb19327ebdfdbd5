/** Reads the back-end's settings from the environment and the command line. */
import { parseArgs } from "node:util";
import { readLimits } from "../../server/limits.mjs";
import { integer, list } from "../../server/settings.mjs";
import { SHAPES } from "./broadcaster.mjs";
import { readNames } from "./naming.mjs";

/**
 * @typedef {object} OwnConfig
 * @property {string} host
 * @property {number} port 0 lets the operating system choose
 * @property {readonly string[]} tokens accepted tokens; none means that no token is asked for
 * @property {import("./broadcaster.mjs").Shape} envelope
 * @property {import("./naming.mjs").Names} names of what is broadcast
 * @property {number} pingIntervalMs time between pings of the WebSocket protocol
 * @property {number} maxUploadBytes
 *
 * @typedef {OwnConfig & import("../../server/limits.mjs").Limits} Config
 */

/** @param {string | undefined} text @returns {import("./broadcaster.mjs").Shape} */
export function readEnvelope(text = "mixed") {
  const shape = SHAPES.find((one) => one === text);
  if (!shape) throw new Error(`ENVELOPE is "${text}"; give one of ${SHAPES.join(", ")}.`);
  return shape;
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
    port: integer("--port / PORT", values.port ?? env["PORT"], 5000, { min: 0, max: 65_535 }),
    tokens: list(env["JOBWIRE_TOKENS"]),
    envelope: readEnvelope(env["ENVELOPE"]),
    names: readNames(env["NAMES"] ?? "{}"),
    pingIntervalMs: integer("PING_INTERVAL_MS", env["PING_INTERVAL_MS"], 30_000, { min: 10, max: 3_600_000 }),
    maxUploadBytes: 64 * 1024 * 1024,
  };
}
