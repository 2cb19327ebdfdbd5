/** Answers to what the core asks of the app for the server: tokens, and headers of reads. No text of ours repeats them. */
import type { Session } from "../runtime/link.js";
import { Post } from "../wire/messages.js";
import { createSecrets, type Secrets } from "./redact.js";
import type { JobsClientOptions } from "../types.js";

export interface Answers {
  readonly secrets: Secrets;
  /** Answers a core's question for a token; a refresh when the server refused the last one. */
  giveToken(session: Session, request: number, refresh: boolean): Promise<void>;
  giveHeaders(session: Session, request: number): Promise<void>;
}

/** What came of the app's code. Given, since this chunk shares no code with the rest of the page. */
export interface Reports {
  /** The text of an error without the given secrets, nor anything that looks like one. */
  reasonOf(error: unknown, secrets: Secrets): string;
  failed(code: string, message: string): void;
}

export function createAnswers(
  { token, polling }: Pick<JobsClientOptions, "token" | "polling">,
  { reasonOf, failed }: Reports,
): Answers {
  const secrets = createSecrets();

  return {
    secrets,
    async giveToken({ tell }, request, refresh) {
      try {
        const given = await (typeof token === "function" ? token(refresh ? "refresh" : "connect") : token);
        if (typeof given !== "string" || !given) throw "The `token` function gave no token.";
        // The core uses that of its newest request alone. None of them is repeated.
        secrets.add(given);
        tell(Post.Token, request, given);
      } catch (error) {
        tell(Post.TokenFailed, request, reasonOf(error, secrets));
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
        failed("headers-failed", reasonOf(error, secrets));
      }
      secrets.add(headers);
      tell(Post.Headers, request, JSON.stringify([...headers]));
    },
  };
}
