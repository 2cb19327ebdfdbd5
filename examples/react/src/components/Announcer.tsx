import type { ConnectionStatus } from "jobwire";
import { useConnection, useJobs } from "jobwire/react";
import { useEffect, useMemo, useRef, useState } from "react";
import { isTerminal, STATUS_WORDS } from "../words";

/** Earlier announcements stay a while, so that two at once are both read out. */
const KEPT = 4;

const ANNOUNCED: Partial<Record<ConnectionStatus["state"], string>> = {
  open: "The connection is live again.",
  waiting: "The connection was lost; reconnecting.",
  polling: "No WebSocket; jobs are polled over HTTP.",
  failed: "The client is not connected.",
};

/** A job, and what it is called. */
export interface Announced {
  readonly jobId: string;
  readonly name: string;
}

interface Announcement {
  id: number;
  text: string;
}

/** Tells screen readers what changed for good: how jobs ended, and when the connection goes and comes back. */
export function Announcer({ items }: { items: readonly Announced[] }) {
  const [said, setSaid] = useState<readonly Announcement[]>([]);
  const ids = useMemo(() => items.map(({ jobId }) => jobId), [items]);
  const jobs = useJobs({ ids });
  const { state } = useConnection();
  const ended = useRef(new Map<string, number>());
  const lastState = useRef<ConnectionStatus["state"]>("open");

  useEffect(() => {
    const news = jobs.filter(({ id, status, attempt }) => {
      if (!isTerminal(status) || ended.current.get(id) === attempt) return false;
      ended.current.set(id, attempt);
      return true;
    });
    const texts = news.map(({ id, status, error }) => {
      const name = items.find(({ jobId }) => jobId === id)?.name ?? "A job";
      return `${name}: ${STATUS_WORDS[status]}. ${error?.message ?? ""}`;
    });
    if (texts.length > 0) setSaid((before) => append(before, texts));
  }, [jobs, items]);

  useEffect(() => {
    const text = ANNOUNCED[state];
    // "Connecting" between two waits is no news, nor is the first connection.
    if (!text || state === lastState.current) return;
    lastState.current = state;
    setSaid((before) => append(before, [text]));
  }, [state]);

  return (
    <div role="status" aria-atomic="false" className="visually-hidden">
      {said.map(({ id, text }) => (
        <p key={id}>{text}</p>
      ))}
    </div>
  );
}

function append(before: readonly Announcement[], texts: readonly string[]): readonly Announcement[] {
  const last = before.at(-1)?.id ?? 0;
  return [...before, ...texts.map((text, index) => ({ id: last + index + 1, text }))].slice(-KEPT);
}
