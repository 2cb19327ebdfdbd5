/** Asks a server something over HTTP; why it came to nothing is said in words for people. */

interface Refusal {
  detail?: unknown;
  error?: unknown;
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
