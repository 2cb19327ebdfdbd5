/** The HTTP side: sending images, their results. Their progress is the client's business. */
import { SERVER } from "./settings";

const FOLDER = "api/images_mvp";

async function ask(path: string, init?: RequestInit): Promise<unknown> {
  const response = await fetch(new URL(`${FOLDER}${path}`, SERVER), init).catch(() => {
    if (init?.signal?.aborted) throw init.signal.reason;
    throw new Error("The server cannot be reached. Check that it runs, then try again.");
  });
  const body = (await response.json().catch(() => null)) as { detail?: unknown } | null;
  if (response.ok) return body;
  const { detail } = body ?? {};
  throw new Error(
    typeof detail === "string" ? detail : `The server answered with status ${response.status}.`,
  );
}

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
  await ask(`/extract?${query}`, { method: "POST", body: form, signal });
}

/** Where the metadata of a session's image are. */
export const resultUrl = (sessionId: string) =>
  new URL(`${FOLDER}/results/${encodeURIComponent(sessionId)}`, SERVER).href;

/** Drops every socket at the server, as if a cable were pulled. */
export const cutSockets = async () => (await ask("/_control/cut", { method: "POST" })) as { closed: number };
