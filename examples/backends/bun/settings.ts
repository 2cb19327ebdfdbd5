/** Reads the back-end's settings from the environment and the command line. */
import { parseArgs } from "node:util";
import { integer } from "../../server/settings.mjs";

export interface Settings {
  readonly host: string;
  /** 0 lets the operating system choose. */
  readonly port: number;
  /** Accepted tokens; none means that no token is asked for. */
  readonly tokens: readonly string[];
  /** Where jobs are kept; without it in a temporary folder, until the end. */
  readonly dataFolder: string | undefined;
  readonly control: boolean;
}

export function readSettings(env: Record<string, string | undefined>, args: string[]): Settings {
  const { values } = parseArgs({ args, options: { port: { type: "string" } } });
  return {
    host: env["HOST"] ?? "127.0.0.1",
    port: integer("--port / PORT", values.port ?? env["PORT"], 3001, { min: 0, max: 65_535 }),
    tokens: (env["JOBWIRE_TOKENS"] ?? "").split(",").filter((token) => token !== ""),
    dataFolder: env["DATA_FOLDER"] || undefined,
    control: env["JOBWIRE_CONTROL"] !== "0",
  };
}
