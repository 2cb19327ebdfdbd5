import { useEffect, useState } from "react";
import { problemOf } from "../../words";

const REFRESH_MS = 1000;

export interface Reading<Value> {
  value?: Value;
  /** When it was read, ms since 1970. */
  at: number;
  /** Why the last read came to nothing. */
  problem?: string;
}

/** What `read` resolves with, read each second while somebody looks. `read` has to stay the same function. */
export function useReading<Value>(read: () => Promise<Value>, isOpen: boolean): Reading<Value> {
  const [reading, setReading] = useState<Reading<Value>>({ at: 0 });
  useEffect(() => {
    if (!isOpen) return undefined;
    let isCurrent = true;
    const refresh = async () => {
      try {
        const value = await read();
        if (isCurrent) setReading({ value, at: Date.now() });
      } catch (error) {
        if (isCurrent) setReading((before) => ({ ...before, problem: problemOf(error) }));
      }
    };
    void refresh();
    const timer = setInterval(refresh, REFRESH_MS);
    return () => {
      isCurrent = false;
      clearInterval(timer);
    };
  }, [read, isOpen]);
  return reading;
}
