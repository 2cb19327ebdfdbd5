/** Keeps the app's credentials out of all that the client tells of itself, and loads what answers for them. */
import type { Answers } from "./answers.js";
import type { Secrets } from "./redact.js";
import { textOf } from "../store/report.js";
import type { JobsClientOptions } from "../types.js";

/** The text of an error of the app's code, which may quote a credential: nothing that looks like one is repeated. */
export const reasonOf = (error: unknown, secrets: Pick<Secrets, "redact">) =>
  secrets.redact(textOf(error)).replace(/[\w.~+/=-]{16,}/g, "…");

export interface Credentials {
  /** Answers what a core asks for. Pages that give neither a token nor headers have none: their cores do not ask. */
  answers(): Answers | undefined;
  /**
   * What the client says must not repeat a token or the value of a header, whatever quotes it: a server, or what a browser says
   * about an address.
   */
  readonly secrets: Omit<Secrets, "add">;
  /** To be awaited before a core may ask. */
  prepare(): Promise<void>;
}

export function createCredentials(
  { token, polling }: Pick<JobsClientOptions, "token" | "polling">,
  failed: (code: string, message: string) => void,
): Credentials {
  let answers: Answers | undefined;
  return {
    answers: () => answers,
    secrets: {
      clear: () => answers?.secrets.clear(),
      redact: (text) => answers?.secrets.redact(text) ?? text,
      clean: (value, numbersToo) => (answers ? answers.secrets.clean(value, numbersToo) : value),
      cleanRecord: (record) => answers?.secrets.cleanRecord(record) ?? record,
    },
    async prepare() {
      // Only pages that have secrets download what asks for them and finds them.
      if (!token && !(polling && polling.headers)) return;
      const { createAnswers } = await import("./answers.js");
      answers ??= createAnswers({ token, polling }, { reasonOf, failed });
    },
  };
}
