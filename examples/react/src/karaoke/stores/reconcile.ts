/**
 * Who is right when several screens change the same thing:
 *
 * 1. The server is: of its states the one with the higher revision counts, whichever arrives later.
 * 2. An own change is shown at once and stays shown until the server's state that contains it has arrived, so that
 *    a control does not jump back while a person moves it. That state comes as the acknowledgement of the change.
 * 3. From then on the control shows the server's value, also when somebody else has changed it meanwhile.
 * 4. A change that is refused, or not acknowledged in time, yields as well.
 * 5. A change whose acknowledgement was lost with the connection is sent again only if the server, met anew, still has
 *    the value that it replaced; if not, the server has got it, or somebody has been faster.
 * 6. A server that is met anew may have started over: its first state counts whatever its revision is.
 */
import { UNKNOWN_STATE } from "./performance";
import type { Control, Controls, PerformanceState } from "./performance";

/** Screens that differ by less than this many seconds are in step; news take some time on their way. */
const IN_STEP_SECONDS = 0.15;

/** A moment of playback: position in seconds, and when it was there (ms, of the page's clock). */
export interface Anchor {
  readonly seconds: number;
  readonly at: number;
}

/** Position in the song in seconds. */
export const positionOf = (isPlaying: boolean, { seconds, at }: Anchor, now: number): number =>
  isPlaying ? seconds + Math.max(0, now - at) / 1000 : seconds;

interface OwnChange {
  readonly value: Controls[Control];
  /** Of the change that it was part of. */
  readonly number: number;
  readonly at: number;
}

export interface Reconciled {
  readonly server: PerformanceState;
  /** Where the server's playback is. */
  readonly anchor: Anchor;
  /** When the server last told another position. */
  readonly heardAt: number;
  /** What the server has not confirmed yet. */
  readonly own: ReadonlyMap<Control, OwnChange>;
}

export const NOTHING_KNOWN: Reconciled = {
  server: UNKNOWN_STATE,
  anchor: { seconds: 0, at: 0 },
  heardAt: 0,
  own: new Map(),
};

/** A person changed something here. */
export function changeHere(
  before: Reconciled,
  change: Partial<Controls>,
  number: number,
  at: number,
): Reconciled {
  const own = new Map(before.own);
  for (const [control, value] of Object.entries(change)) own.set(control as Control, { value, number, at });
  return { ...before, own };
}

/** The server told its state. */
export function serverSays(before: Reconciled, server: PerformanceState, at: number): Reconciled {
  const { revision, currentTime, isPlaying } = before.server;
  if (server.revision <= revision) return before;
  // A state that is about something else repeats the position of long ago, while the song has played on.
  if (server.currentTime === currentTime && server.isPlaying === isPlaying) return { ...before, server };
  const off = Math.abs(positionOf(isPlaying, before.anchor, at) - server.currentTime);
  const isInStep = isPlaying && server.isPlaying && off <= IN_STEP_SECONDS;
  const anchor = isInStep ? before.anchor : { seconds: server.currentTime, at };
  return { ...before, server, anchor, heardAt: at };
}

/** The server has taken a change, or never will: what was changed again since stays. */
export function settle(before: Reconciled, number: number): Reconciled {
  const own = new Map([...before.own].filter(([, change]) => change.number !== number));
  return own.size === before.own.size ? before : { ...before, own };
}

/** The connection is another one: the next state counts whatever its revision. */
export const meetAnew = (before: Reconciled): Reconciled => ({
  ...before,
  server: { ...before.server, revision: UNKNOWN_STATE.revision },
});

/** What is shown: the server's state with the own changes on top. */
export function shown({ server, anchor, own }: Reconciled): Controls & { anchor: Anchor } {
  const changes = Object.fromEntries([...own].map(([control, { value }]) => [control, value]));
  const moved = own.get("currentTime");
  return {
    ...server,
    ...(changes as Partial<Controls>),
    anchor: moved ? { seconds: moved.value as number, at: moved.at } : anchor,
  };
}
