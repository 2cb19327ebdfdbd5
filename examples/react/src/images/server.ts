/** The HTTP side: sending images, their results. Their progress is the client's business. */
import { ask } from "../http";
import { SERVER } from "./settings";

const at = (path: string) => new URL(`api/images_mvp${path}`, SERVER).href;

export interface ExtractOptions {
  /** Least time of each step, in ms. */
  pace: number;
  /** Whether the analysis is to fail. */
  fail: boolean;
}

/** Sends an image; what the server does with it is told over the socket of the session. */
export async function extract(
  file: File,
  sessionId: string,
  { pace, fail }: ExtractOptions,
  signal: AbortSignal,
): Promise<void> {
  const form = new FormData();
  form.append("session_id", sessionId);
  form.append("file", file);
  const query = new URLSearchParams({ pace: String(pace), ...(fail && { fail: "1" }) });
  await ask(at(`/extract?${query}`), { method: "POST", body: form, signal });
}

/** Where the metadata of a session's image are. */
export const resultUrl = (sessionId: string) => at(`/results/${encodeURIComponent(sessionId)}`);

/** Drops every socket at the server, as if a cable were pulled. */
export const cutSockets = async () =>
  (await ask(at("/_control/cut"), { method: "POST" })) as { closed: number };
