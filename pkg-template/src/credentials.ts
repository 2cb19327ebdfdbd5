/** What the core asks of the app for the server: tokens, and headers of reads. No text of ours repeats a token. */
import type { Session } from "./link.js";
import { Post } from "./messages.js";
import { textOf } from "./report.js";
import type { JobsClientOptions } from "./types.js";

/** An error of the app's code may quote a credential; nothing that looks like one is repeated. */
export const withoutSecrets = (error: unknown) => textOf(error).replace(/[\w.~+/=-]{16,}/g, "…");

export interface Credentials {
  /** Answers a core's question for a token; a refresh when the server refused the last one. */
  giveToken(session: Session, request: number, refresh: boolean): Promise<void>;
  giveHeaders(session: Session, request: number): Promise<void>;
  /** The core never sees where the token goes; what the browser says about an address may still quote it. */
  redact(message: string): string;
  forget(): void;
}

export function createCredentials(
  { token, polling }: Pick<JobsClientOptions, "token" | "polling">,
  failed: (code: string, message: string) => void,
): Credentials {
  let secret = "";
  let newestRequest = 0;

  return {
    async giveToken({ tell }, request, refresh) {
      const own = ++newestRequest;
      // A late answer to an older request is not in use.
      const keep = (value: string) => own === newestRequest && (secret = value);
      try {
        const given = await (typeof token === "function" ? token(refresh ? "refresh" : "connect") : token);
        if (typeof given !== "string" || !given) throw "The `token` function gave no token.";
        keep(given);
        tell(Post.Token, request, given);
      } catch (error) {
        keep("");
        tell(Post.TokenFailed, request, withoutSecrets(error));
      }
    },
    async giveHeaders({ tell }, request) {
      let headers = new Headers();
      try {
        if (polling) headers = new Headers(await polling.headers?.());
      } catch (error) {
        failed("headers-failed", withoutSecrets(error));
      }
      tell(Post.Headers, request, JSON.stringify([...headers]));
    },
    redact: (message) => (secret.length > 3 ? message.replaceAll(secret, "…") : message),
    forget() {
      secret = "";
      newestRequest++;
    },
  };
}
