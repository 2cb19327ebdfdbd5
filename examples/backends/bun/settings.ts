/** Reads the back-end's settings from the environment and the command line. */
import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { integer, list } from "../../server/settings.mjs";
import type { BodyLimits } from "./body.ts";

export interface UploadSettings extends BodyLimits {
  /** How many uploads are received at the same time, and how many bytes they may have together. */
  readonly atATime: number;
  readonly bytesAtATime: number;
  /** Of all recordings that wait for the worker. */
  readonly maxStoredBytes: number;
}

export interface Settings {
  readonly host: string;
  /** 0 lets the operating system choose. */
  readonly port: number;
  /** Names under which the server is reached, without ports, beside loopback ones and `host`. */
  readonly allowedHosts: readonly string[];
  /** Of pages that may use the server, such as `https://app.example.com`, beside loopback ones. */
  readonly allowedOrigins: readonly string[];
  /** Accepted tokens; none means that no token is asked for. */
  readonly tokens: readonly string[];
  /** What the worker shows to notify the server. */
  readonly notifyToken: string;
  /** Where jobs are kept; without it in a temporary folder, until the end. */
  readonly dataFolder: string | undefined;
  readonly control: boolean;
  readonly maxSockets: number;
  readonly uploads: UploadSettings;
}

const MIB = 1024 * 1024;
const DAY_MS = 24 * 3_600_000;

export function readSettings(env: Record<string, string | undefined>, args: string[]): Settings {
  const { values } = parseArgs({ args, options: { port: { type: "string" } } });
  const number = (name: string, fallback: number, max: number) =>
    integer(name, env[name], fallback, { min: 1, max });
  const maxBytes = number("JOBWIRE_MAX_UPLOAD_BYTES", 256 * MIB, 1024 * MIB);
  return {
    host: env["HOST"] ?? "127.0.0.1",
    port: integer("--port / PORT", values.port ?? env["PORT"], 3001, { min: 0, max: 65_535 }),
    allowedHosts: list(env["JOBWIRE_ALLOWED_HOSTS"]),
    allowedOrigins: list(env["JOBWIRE_ALLOWED_ORIGINS"]),
    tokens: list(env["JOBWIRE_TOKENS"]),
    notifyToken: env["NOTIFY_TOKEN"] || randomBytes(32).toString("hex"),
    dataFolder: env["DATA_FOLDER"] || undefined,
    control: env["JOBWIRE_CONTROL"] === "1",
    maxSockets: number("JOBWIRE_MAX_SOCKETS", 10_000, 1_000_000),
    uploads: {
      maxBytes,
      idleMs: number("JOBWIRE_UPLOAD_IDLE_MS", 30_000, DAY_MS),
      totalMs: number("JOBWIRE_UPLOAD_MS", 300_000, DAY_MS),
      atATime: number("JOBWIRE_MAX_UPLOADS", 32, 10_000),
      bytesAtATime: 2 * maxBytes,
      maxStoredBytes: number("JOBWIRE_MAX_STORED_BYTES", 4096 * MIB, 1024 * 1024 * MIB),
    },
  };
}
