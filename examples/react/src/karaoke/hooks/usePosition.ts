import { useEffect, useState } from "react";
import { positionNow, useKaraokePlayerStore } from "../stores/useKaraokePlayerStore";

const STEP_MS = 200;

/** Position in the song in seconds, read again several times a second while it plays. */
export function usePosition(): number {
  const isPlaying = useKaraokePlayerStore((state) => state.isPlaying);
  const anchor = useKaraokePlayerStore((state) => state.anchor);
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    const read = () => setSeconds(positionNow({ isPlaying, anchor }));
    read();
    if (!isPlaying) return undefined;
    const timer = setInterval(read, STEP_MS);
    return () => clearInterval(timer);
  }, [isPlaying, anchor]);
  return seconds;
}
