import { useEffect, useState } from "react";

/** The wall clock in ms, read again every `interval` ms while `running`. */
export function useNow(interval: number, running: boolean): number {
  const [read, setRead] = useState(() => ({ now: Date.now(), running }));
  // What was read before a pause is not shown behind it, not even for a frame.
  if (read.running !== running) setRead({ now: Date.now(), running });
  useEffect(() => {
    if (!running) return undefined;
    const timer = setInterval(() => setRead({ now: Date.now(), running }), interval);
    return () => clearInterval(timer);
  }, [interval, running]);
  return read.now;
}
