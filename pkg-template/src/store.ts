/** A value with subscribers. */
import type { Guard } from "./report.js";
import type { Store } from "./types.js";

export interface Cell<T> extends Store<T> {
  current: T;
  /** Whether anybody subscribes. */
  readonly watched: boolean;
  /** Sets the value and tells everybody; the same reference tells nobody. */
  set(value: T): void;
}

export function createCell<T>(initial: T, guard: Guard): Cell<T> {
  const listeners = new Set<{ call: (value: T) => void }>();
  const cell: Cell<T> = {
    current: initial,
    get watched() {
      return listeners.size > 0;
    },
    set(value) {
      if (value === cell.current) return;
      cell.current = value;
      for (const listener of [...listeners]) {
        // A listener may have removed this one, or set a newer value, which was then already told.
        if (cell.current !== value) return;
        if (listeners.has(listener)) guard(() => listener.call(value));
      }
    },
    subscribe(call) {
      const listener = { call };
      listeners.add(listener);
      guard(() => call(cell.current));
      return () => {
        listeners.delete(listener);
      };
    },
  };
  return cell;
}
