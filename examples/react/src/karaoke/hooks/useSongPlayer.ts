import { useEffect, useState } from "react";
import { StemPlayer } from "../audio/stemPlayer";
import { positionNow, useKaraokePlayerStore } from "../stores/useKaraokePlayerStore";

const FOLLOW_MS = 250;
/**
 * Somebody who joins later is told a position that may be old, so one of those who play tells it again. The random part
 * sees to it that one is the first, and the others have nothing to tell.
 */
const REPORT_MS = 1000;
const REPORT_SPREAD_MS = 500;

export interface SongPlayer {
  /** Length of the song in seconds, once it is loaded. */
  readonly duration: number | undefined;
  readonly problem: string | null;
  /** Whether the browser lets no sound out before somebody has touched the page. */
  readonly isBlocked: boolean;
  unblock(): void;
}

interface Loaded {
  id: string;
  duration?: number;
  problem?: string;
}

/** Plays a song as the store says: its sound follows, nothing here decides. */
export function useSongPlayer(songId: string | undefined): SongPlayer {
  const [player, setPlayer] = useState<StemPlayer | null>(null);
  const [isBlocked, setBlocked] = useState(false);
  const [loaded, setLoaded] = useState<Loaded>();

  useEffect(() => {
    const made = new StemPlayer(setBlocked);
    setPlayer(made);
    setBlocked(made.isBlocked);
    return () => made.close();
  }, []);

  useEffect(() => {
    if (!player || !songId) return undefined;
    const controller = new AbortController();
    player.load(songId, controller.signal).then(
      (duration) => setLoaded({ id: songId, duration }),
      (reason: unknown) => {
        if (controller.signal.aborted) return;
        setLoaded({ id: songId, problem: `The song could not be loaded: ${String(reason)}` });
      },
    );
    return () => controller.abort();
  }, [player, songId]);

  const current = loaded?.id === songId ? loaded : undefined;
  const duration = current?.duration;
  useEffect(() => {
    if (!player || duration === undefined) return undefined;
    const spread = Math.random() * REPORT_SPREAD_MS;
    const follow = () => {
      const state = useKaraokePlayerStore.getState();
      const seconds = positionNow(state);
      player.setVolume("vocals", state.vocalVolume);
      player.setVolume("instrumental", state.instrumentalVolume);
      player.follow(state.isPlaying, seconds);
      if (!state.isPlaying || !state.connected) return;
      if (seconds >= duration) state.stop();
      else if (performance.now() - state.heardAt > REPORT_MS + spread) state.report();
    };
    follow();
    const timer = setInterval(follow, FOLLOW_MS);
    const stop = useKaraokePlayerStore.subscribe(follow);
    return () => {
      clearInterval(timer);
      stop();
      player.follow(false, 0);
    };
  }, [player, duration]);

  return {
    duration,
    problem: current?.problem ?? null,
    isBlocked,
    unblock: () => player?.unblock(),
  };
}
