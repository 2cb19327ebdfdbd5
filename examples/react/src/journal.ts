/** What happened, in words, newest first: the page's log. */
import type { ConnectionStatus, JobsClient, LogEntry, Store } from "jobwire";
import { duration, problemOf } from "./words";

const MOST_LINES = 200;

export interface JournalLine {
  readonly id: number;
  readonly at: number;
  /** Who has something to say: the connection, an event, the client's logger, or the person at the page. */
  readonly source: "connection" | "event" | "client" | "you";
  readonly level: LogEntry["level"];
  readonly text: string;
}

export interface Journal extends Store<readonly JournalLine[]> {
  add(source: JournalLine["source"], text: string, level?: JournalLine["level"]): void;
  clear(): void;
}

export function createJournal(): Journal {
  const listeners = new Set<(lines: readonly JournalLine[]) => void>();
  let lines: readonly JournalLine[] = [];
  let last = 0;
  const set = (next: readonly JournalLine[]) => {
    lines = next;
    for (const listener of listeners) listener(lines);
  };
  return {
    get current() {
      return lines;
    },
    subscribe(listener) {
      listeners.add(listener);
      listener(lines);
      return () => listeners.delete(listener);
    },
    add(source, text, level = "info") {
      last += 1;
      set([{ id: last, at: Date.now(), source, level, text }, ...lines].slice(0, MOST_LINES));
    },
    clear: () => set([]),
  };
}

/** Writes what a client logs into the journal. */
export const loggerOf =
  (journal: Journal) =>
  ({ level, code, message }: LogEntry): void =>
    journal.add("client", `${code}: ${message}`, level);

/** Does what the person at the page asked for, and writes down what it resolves with, or why it failed. */
export async function report(journal: Journal, request: () => Promise<string>): Promise<void> {
  try {
    journal.add("you", await request());
  } catch (error) {
    journal.add("you", problemOf(error), "error");
  }
}

function describe({ state, attempt, nextRetryAt }: ConnectionStatus): string {
  const parts: string[] = [state];
  if (attempt > 0) parts.push(`${attempt} failed ${attempt === 1 ? "attempt" : "attempts"}`);
  if (nextRetryAt !== undefined) parts.push(`next try in ${duration(Math.max(0, nextRetryAt - Date.now()))}`);
  return parts.join(", ");
}

/** Writes down what the client goes through, for as long as the client lives. */
export function followClient(client: JobsClient, journal: Journal): void {
  let told = "";
  client.connection.subscribe((status) => {
    const key = `${status.state} ${status.attempt}`;
    if (key === told) return;
    told = key;
    const isTrouble = status.state === "waiting" || status.state === "failed";
    journal.add("connection", describe(status), isTrouble ? "warn" : "info");
  });
  client.on("reconnected", ({ attempts, downMs, transport }) => {
    const tries = attempts === 1 ? "1 attempt" : `${attempts} attempts`;
    journal.add("event", `reconnected by ${transport} after ${duration(downMs)} and ${tries}`);
  });
  client.on("gap", ({ from, to, healed }) => {
    const end = healed ? "a read over HTTP made up for it" : "not yet made up for";
    journal.add("event", `gap of ${duration(to - from)}: ${end}`, healed ? "info" : "warn");
  });
  client.on("invalid", ({ event = "message", reason }) => {
    journal.add("event", `invalid ${event}: ${reason}`, "warn");
  });
}
