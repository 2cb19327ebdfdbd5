import type { Channel } from "jobwire";
import { create } from "zustand";
import { serverPool } from "../connections/pools";
import type { Control, Controls, LyricsSize } from "./performance";
import { PerformanceSync } from "./performanceSync";
import type { SyncView } from "./performanceSync";
import { NOTHING_KNOWN, positionOf, shown } from "./reconcile";
import type { Anchor } from "./reconcile";

export interface KaraokePlayerState extends Controls {
  /** The channel of the performance, between `connect` and `disconnect`. */
  socket: Channel | null;
  connected: boolean;
  /** The last state of the server that counts. */
  revision: number;
  /** Where playback is: `positionNow` makes a position of it. */
  anchor: Anchor;
  /** When the server last told a position (ms, of the page's clock). */
  heardAt: number;
  /** Own changes that the server has not confirmed yet. */
  unconfirmed: readonly Control[];
  problem: string | null;

  /** Joins the performance. Counted: every component that connects also disconnects. */
  connect(): void;
  disconnect(): void;
  setVocalVolume(volume: number): void;
  setInstrumentalVolume(volume: number): void;
  setLyricsSize(size: LyricsSize): void;
  setLyricsOffset(ms: number): void;
  play(): void;
  pause(): void;
  /** Pauses at the beginning. */
  stop(): void;
  seek(seconds: number): void;
  /** Tells the others where playback is, though nobody moved it. */
  report(): void;
}

/** Position in the song in seconds, at this moment. */
export const positionNow = ({
  isPlaying,
  anchor,
}: Pick<KaraokePlayerState, "isPlaying" | "anchor">): number =>
  positionOf(isPlaying, anchor, performance.now());

const seen = ({ socket, connected, problem, ...state }: SyncView) => ({
  ...shown(state),
  revision: state.server.revision,
  heardAt: state.heardAt,
  unconfirmed: [...state.own.keys()],
  socket,
  connected,
  problem,
});

/** The player that all screens share. What counts when several change it: `reconcile.ts`. */
export const useKaraokePlayerStore = create<KaraokePlayerState>()((set, get) => {
  const sync = new PerformanceSync(serverPool(), (view) => set(seen(view)));
  const position = () => positionNow(get());
  const setPlaying = (isPlaying: boolean) => {
    // The position first: who hears of the change then plays from there.
    sync.change("currentTime", position());
    sync.change("isPlaying", isPlaying);
  };
  return {
    ...seen({ ...NOTHING_KNOWN, socket: null, connected: false, problem: null }),
    connect: () => sync.connect(),
    disconnect: () => sync.disconnect(),
    setVocalVolume: (volume) => sync.change("vocalVolume", volume),
    setInstrumentalVolume: (volume) => sync.change("instrumentalVolume", volume),
    setLyricsSize: (size) => sync.change("lyricsSize", size),
    setLyricsOffset: (ms) => sync.change("lyricsOffset", ms),
    play: () => setPlaying(true),
    pause: () => setPlaying(false),
    stop: () => {
      sync.change("isPlaying", false);
      sync.change("currentTime", 0);
    },
    seek: (seconds) => sync.change("currentTime", seconds),
    report: () => sync.report(position()),
  };
});
