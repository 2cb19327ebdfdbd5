/** What the core asks of the app for the server: tokens, and headers of reads. No text of ours repeats a token. */
import type { Session } from "./link.js";
import { Post } from "./messages.js";
import type { Secrets } from "./redact.js";
import { textOf } from "./report.js";
import type { JobsClientOptions } from "./types.js";

/** An error of the app's code may quote a credential; nothing that looks like one is repeated. */
export const withoutSecrets = (error: unknown) => textOf(error).replace(/[\w.~+/=-]{16,}/g, "…");

export interface Credentials {
  /** Answers a core's question for a token; a refresh when the server refused the last one. */
  giveToken(session: Session, request: number, refresh: boolean): Promise<void>;
  giveHeaders(session: Session, request: number): Promise<void>;
  /**
   * What is told must not repeat a token or the value of a header, whatever quotes it: a server, or what a browser says
   * about an address.
   */
  readonly secrets: Omit<Secrets, "add">;
  /** To be awaited before a core may ask. */
  prepare(): Promise<void>;
}

/** What a client without a token and headers has to keep out of what it tells. */
const NOTHING: Secrets = {
  add() {},
  clear() {},
  redact: (text) => text,
  clean: (value) => value,
  cleanRecord: (record) => record,
};

export function createCredentials(
  { token, polling }: Pick<JobsClientOptions, "token" | "polling">,
  failed: (code: string, message: string) => void,
): Credentials {
  let known = NOTHING;
  const secrets: Credentials["secrets"] = {
    clear: () => known.clear(),
    redact: (text) => known.redact(text),
    clean: (value, numbersToo) => known.clean(value, numbersToo),
    cleanRecord: (record) => known.cleanRecord(record),
  };

  return {
    async giveToken({ tell }, request, refresh) {
      try {
        const given = await (typeof token === "function" ? token(refresh ? "refresh" : "connect") : token);
        if (typeof given !== "string" || !given) throw "The `token` function gave no token.";
        // The core uses that of its newest request alone. None of them is repeated.
        known.add(given);
        tell(Post.Token, request, given);
      } catch (error) {
        tell(Post.TokenFailed, request, withoutSecrets(secrets.redact(textOf(error))));
      }
    },
    async giveHeaders({ tell }, request) {
      let headers = new Headers();
      try {
        const values = polling ? await polling.headers?.() : undefined;
        try {
          headers = new Headers(values);
        } catch {
          // Browsers quote the value.
          throw "The `polling.headers` function gave no valid headers.";
        }
      } catch (error) {
        failed("headers-failed", withoutSecrets(secrets.redact(textOf(error))));
      }
      known.add(headers);
      tell(Post.Headers, request, JSON.stringify([...headers]));
    },
    secrets,
    async prepare() {
      // Only pages that have secrets download what finds them.
      if ((token || (polling && polling.headers)) && known === NOTHING)
        known = (await import("./redact.js")).createSecrets();
    },
  };
}
