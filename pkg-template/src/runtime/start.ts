/** What a core is started with, wherever it lives. */
import type { Sink } from "../wire/messages.js";
import type { Secrets } from "../client/redact.js";
import type { LogEntry } from "../client/inspection-types.js";

/** Reports what could not be had; an `error` when nothing more comes from the core. */
export type Warn = (code: string, message: string, level?: LogEntry["level"]) => void;

/** What leaves the page for another tab must not repeat a secret. */
export type Cleaner = Pick<Secrets, "clean" | "cleanRecord">;

/** What a core is started with. */
export interface Start {
  config: string;
  seed: number;
  sink: Sink;
  /** The core is dead: nothing comes from it any more. Called once, with a sentence. */
  died: (message: string) => void;
}
