/** Asks a server something over HTTP; why it came to nothing is said in words for people. */

interface Refusal {
  detail?: unknown;
  error?: unknown;
}

/** Bytes of a result that a page reads at most. */
const MOST_BYTES = 8 * 1024 * 1024;

/** The text of an answer, of which a server may send without end. */
export async function textOf(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done) return text + decoder.decode();
    bytes += value.length;
    if (bytes > MOST_BYTES) {
      await reader?.cancel();
      throw new Error(`It is larger than ${MOST_BYTES / 1024 / 1024} MiB.`);
    }
    text += decoder.decode(value, { stream: true });
  }
}

/** What the server answered; null where that is no JSON. */
export async function ask(url: string | URL, init?: RequestInit): Promise<unknown> {
  const response = await fetch(url, init).catch(() => {
    if (init?.signal?.aborted) throw init.signal.reason;
    throw new Error("The server cannot be reached. Check that it runs, then try again.");
  });
  const body: unknown = await response.json().catch(() => null);
  if (response.ok) return body;
  const { error, detail } = (body ?? {}) as Refusal;
  const said = [error, detail].find((words) => typeof words === "string");
  throw new Error(said ?? `The server answered with status ${response.status}.`);
}
