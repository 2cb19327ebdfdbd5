import { useEffect, useState } from "react";

/** The wall clock in ms, read again every `interval` ms while `running`. */
export function useNow(interval: number, running: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!running) return undefined;
    const read = () => setNow(Date.now());
    read();
    const timer = setInterval(read, interval);
    return () => clearInterval(timer);
  }, [interval, running]);
  return now;
}
