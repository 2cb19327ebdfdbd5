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
  /** Of the server's last state; below 0 while none is known. */
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
  /** Another song, from its beginning. */
  setSong(id: string): void;
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

/** Whether the server's state is known, and news of it come. */
export const hasJoined = ({ connected, revision }: KaraokePlayerState): boolean => connected && revision >= 0;

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
  return {
    ...seen({ ...NOTHING_KNOWN, socket: null, connected: false, problem: null }),
    connect: () => sync.connect(),
    disconnect: () => sync.disconnect(),
    setVocalVolume: (vocalVolume) => sync.change({ vocalVolume }),
    setInstrumentalVolume: (instrumentalVolume) => sync.change({ instrumentalVolume }),
    setLyricsSize: (lyricsSize) => sync.change({ lyricsSize }),
    setLyricsOffset: (lyricsOffset) => sync.change({ lyricsOffset }),
    setSong: (songId) => sync.change({ songId, currentTime: 0 }),
    play: () => sync.change({ isPlaying: true, currentTime: position() }),
    pause: () => sync.change({ isPlaying: false, currentTime: position() }),
    stop: () => sync.change({ isPlaying: false, currentTime: 0 }),
    seek: (currentTime) => sync.change({ currentTime }),
    report: () => sync.report(position()),
  };
});
