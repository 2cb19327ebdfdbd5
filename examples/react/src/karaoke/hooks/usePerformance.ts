import { useEffect } from "react";
import { useKaraokePlayerStore } from "../stores/useKaraokePlayerStore";

/** Takes part in the performance while the component is mounted. */
export function usePerformance(): void {
  const connect = useKaraokePlayerStore((state) => state.connect);
  const disconnect = useKaraokePlayerStore((state) => state.disconnect);
  useEffect(() => {
    connect();
    return disconnect;
  }, [connect, disconnect]);
}
