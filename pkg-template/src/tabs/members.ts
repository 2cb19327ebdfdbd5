/** The tabs that a leader serves: each one is asked for by its lock before it joins, and leaves when its lock is free. */
import { findTabs, hold, lockOfTab } from "./locks.js";
import { paced } from "./pace.js";
import { MAX_SIZE, sizeOfAll } from "./parse.js";
import type { Said } from "./wire.js";

/** Tabs that are served at most. */
const MAX_MEMBERS = 1000;
/** Tabs that are not confirmed yet, and their messages; of these the size is bounded, too. */
const MAX_WAITING = 10_000;

export interface Members {
  /** Messages of a tab. Those of a tab that holds no lock change nothing. */
  hear(tab: string, messages: readonly Said[]): void;
  /** Nobody is served any more. */
  dismiss(): void;
}

interface Leader {
  /** Takes the messages of a tab that is there. */
  hear(tab: string, messages: readonly Said[]): void;
  /** A tab is there no more. */
  leave(tab: string): void;
  /** Some messages were dropped, and why. */
  refuse(why: string): void;
}

export function createMembers(locks: LockManager, group: string, { hear, leave, refuse }: Leader): Members {
  const members = new Set<string>();
  const watches = new AbortController();
  /** Messages of tabs that are not confirmed yet, in order. */
  const waiting = new Map<string, { messages: Said[]; size: number }>();
  let waitingMessages = 0;
  let waitingSize = 0;

  const confirm = paced(async () => {
    const asked = [...waiting.keys()];
    const there = await findTabs(locks, group, asked).catch(() => new Set<string>());
    for (const tab of asked) {
      const { messages, size } = waiting.get(tab) ?? { messages: [], size: 0 };
      waiting.delete(tab);
      waitingMessages -= messages.length;
      waitingSize -= size;
      if (watches.signal.aborted) continue;
      if (there.has(tab) && members.size < MAX_MEMBERS) join(tab, messages);
      else refuse("it is of a tab that is not there");
    }
  });

  function join(tab: string, messages: readonly Said[]): void {
    members.add(tab);
    hear(tab, messages);
    // Granted when the tab is no more.
    hold(locks, lockOfTab(group, tab), { signal: watches.signal }).then(
      (release) => {
        release();
        members.delete(tab);
        leave(tab);
      },
      () => {},
    );
  }

  return {
    hear(tab, messages) {
      if (members.has(tab)) return hear(tab, messages);
      const size = sizeOfAll(messages);
      const isFull =
        waiting.size >= MAX_WAITING ||
        waitingMessages + messages.length > MAX_WAITING ||
        waitingSize + size > MAX_SIZE;
      if (isFull) return refuse("too many tabs came at once");
      const before = waiting.get(tab) ?? { messages: [], size: 0 };
      before.messages.push(...messages);
      before.size += size;
      waiting.set(tab, before);
      waitingMessages += messages.length;
      waitingSize += size;
      confirm();
    },
    dismiss() {
      watches.abort();
    },
  };
}
