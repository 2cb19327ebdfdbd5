/** Who listens to what. */
import type { Guard } from "../store/report.js";
import type { EventMeta } from "../types.js";

/** Listeners of every event are kept under this name; the core uses it too. */
export const ANY = "*";

type Call = (...args: never[]) => void;

interface Entry {
  call: Call;
  once: boolean;
  gone: boolean;
}

export interface Registry {
  add(event: string, call: Call, once?: boolean): () => void;
  remove(event: string, call: Call): void;
  emit(event: string, payload: unknown, meta: EventMeta): void;
  /** Removes every listener. */
  clear(): void;
}

/** `changed` hears of every listener that comes (+1) or goes (−1). */
export function createRegistry(guard: Guard, changed: (event: string, delta: 1 | -1) => void): Registry {
  const lists = new Map<string, Entry[]>();

  const drop = (event: string, entry: Entry) => {
    if (entry.gone) return;
    entry.gone = true;
    // Lists are replaced, never changed: a dispatch under way goes through the one it began with.
    const rest = lists.get(event)?.filter((other) => other !== entry);
    if (rest?.length) lists.set(event, rest);
    else lists.delete(event);
    changed(event, -1);
  };

  const dispatch = (list: string, ...args: unknown[]) => {
    for (const entry of lists.get(list) ?? []) {
      if (entry.gone) continue;
      if (entry.once) drop(list, entry);
      guard(() => entry.call(...(args as never[])));
    }
  };

  return {
    add(event, call, once = false) {
      const entry = { call, once, gone: false };
      lists.set(event, [...(lists.get(event) ?? []), entry]);
      changed(event, 1);
      return () => drop(event, entry);
    },
    remove(event, call) {
      for (const entry of lists.get(event) ?? []) if (entry.call === call) drop(event, entry);
    },
    emit(event, payload, meta) {
      dispatch(event, payload, meta);
      dispatch(ANY, event, payload, meta);
    },
    clear() {
      for (const [event, list] of lists) for (const entry of list) drop(event, entry);
    },
  };
}
