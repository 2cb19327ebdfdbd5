/** Events as an async iterator: what nobody has taken yet is kept up to a limit, beyond which the oldest are dropped. */
import { iterate } from "../store/iterate.js";
import type { GapPayload } from "../channels/payloads.js";
import type { AnyEvent } from "../types.js";

/** Events kept at most, unless the app says otherwise. */
export const DEFAULT_LIMIT = 10_000;
/** From so many taken ones on they are let go together. */
const MANY_TAKEN = 1000;

/** The first and the last of the events that were dropped. */
interface Dropped {
  count: number;
  first: AnyEvent;
  last: AnyEvent;
}

/** Stands in the place of the events that were dropped. */
function gapOf({ count, first, last }: Dropped): AnyEvent {
  const { seq, at, source } = last.meta;
  const payload: GapPayload = { from: first.meta.at, to: at, healed: false, dropped: count };
  return { event: "gap", payload, meta: { seq, at, source } };
}

/** A queue of events that holds `limit` of them; a gap at its head counts as none. */
function createBuffer(limit: number) {
  let events: (AnyEvent | undefined)[] = [];
  let taken = 0;
  let dropped: Dropped | undefined;

  function next(): AnyEvent | undefined {
    const event = events[taken];
    events[taken++] = undefined;
    if (taken >= MANY_TAKEN && taken * 2 >= events.length) {
      events = events.slice(taken);
      taken = 0;
    }
    return event;
  }

  return {
    get length() {
      return events.length - taken + (dropped ? 1 : 0);
    },
    /** Says whether this event begins a gap. */
    push(event: AnyEvent): boolean {
      const isNew = !dropped;
      const last = events.length - taken >= limit ? next() : undefined;
      events.push(event);
      if (!last) return false;
      const { count, first } = dropped ?? { count: 0, first: last };
      dropped = { count: count + 1, first, last };
      return isNew;
    },
    shift(): AnyEvent | undefined {
      if (!dropped) return next();
      const gap = gapOf(dropped);
      dropped = undefined;
      return gap;
    },
  };
}

export interface EventSource {
  limit: number;
  signal: AbortSignal | undefined;
  /** Gives every event to the listener until the undo is called. */
  listen: (listener: (event: string, payload: unknown, meta: AnyEvent["meta"]) => void) => () => void;
  /** Ends the iteration with the client: at once where that is closed. The undo forgets it. */
  endWith: (end: () => void) => () => void;
  /** Events are dropped from now on. */
  full: () => void;
}

export function iterateEvents({
  limit,
  signal,
  listen,
  endWith,
  full,
}: EventSource): AsyncGenerator<AnyEvent> {
  const buffer = createBuffer(limit);
  return iterate<AnyEvent>(buffer, (wake, end) => {
    const finish = () => end();
    if (signal?.aborted) finish();
    const stay = endWith(finish);
    const undo = listen((event, payload, meta) => {
      if (buffer.push({ event, payload, meta })) full();
      wake();
    });
    signal?.addEventListener("abort", finish);
    return () => {
      undo();
      stay();
      signal?.removeEventListener("abort", finish);
    };
  });
}
