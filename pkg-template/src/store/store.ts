/** A value with subscribers. */
import type { Guard } from "./report.js";
import type { Store } from "../types.js";

/** How much a value is wanted: not any more, by somebody who looked at it, or by the first one who subscribes. */
export const enum Want {
  Not,
  Looked,
  Subscribed,
}

export interface Cell<T> extends Store<T> {
  /** Whether anybody subscribes. */
  readonly watched: boolean;
  /** Sets the value and tells everybody; the same reference tells nobody. */
  set(value: T): void;
}

/** `wanted` hears of those who look and of the first and the last who subscribes. */
export function createCell<T>(value: T, guard: Guard, wanted?: (how: Want) => void): Cell<T> {
  const listeners = new Set<{ call: (value: T) => void }>();
  return {
    get current() {
      wanted?.(Want.Looked);
      return value;
    },
    get watched() {
      return listeners.size > 0;
    },
    set(next) {
      if (next === value) return;
      value = next;
      for (const listener of [...listeners]) {
        // A listener may have removed this one, or set a newer value, which was then already told.
        if (value !== next) return;
        if (listeners.has(listener)) guard(() => listener.call(next));
      }
    },
    subscribe(call) {
      const listener = { call };
      if (!listeners.size) wanted?.(Want.Subscribed);
      listeners.add(listener);
      guard(() => call(value));
      return () => {
        if (listeners.delete(listener) && !listeners.size) wanted?.(Want.Not);
      };
    },
  };
}
