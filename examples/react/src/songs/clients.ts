/** The clients of the page, one an address, shared by all that use it. */
import type { JobsClient } from "jobwire";
import type { Journal } from "../journal";
import { followClient, loggerOf } from "../journal";
import { createSongsClient } from "./client";
import { GRACE_MS } from "./settings";

interface Shared {
  readonly client: JobsClient;
  users: number;
  closing?: ReturnType<typeof setTimeout>;
}

const clients = new Map<string, Shared>();
let journal: Journal | undefined;

/** Where clients that are made from now on write what they do. */
export function writeTo(next: Journal): void {
  journal = next;
}

function sharedAt(url: string): Shared {
  let shared = clients.get(url);
  if (!shared) {
    const client = createSongsClient(url, journal && loggerOf(journal));
    if (journal) followClient(client, journal);
    clients.set(url, (shared = { client, users: 0 }));
  }
  return shared;
}

/** The client of an address; it lives as long as somebody holds it. */
export const clientAt = (url: string): JobsClient => sharedAt(url).client;

/** Keeps the client of an address; the undo lets it be closed a moment after the last user has gone. */
export function holdClient(url: string): () => void {
  const shared = sharedAt(url);
  clearTimeout(shared.closing);
  shared.users += 1;
  return () => {
    shared.users -= 1;
    if (shared.users > 0) return;
    shared.closing = setTimeout(() => {
      clients.delete(url);
      shared.client.close();
    }, GRACE_MS);
  };
}
