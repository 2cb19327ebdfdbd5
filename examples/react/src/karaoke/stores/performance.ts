/** The state that all screens of a performance share, and its names on the wire. */
import { camelKeys } from "../song";

export const LYRICS_SIZES = ["small", "medium", "large"] as const;
export type LyricsSize = (typeof LYRICS_SIZES)[number];

/** What a person can change. */
export interface Controls {
  /** 0–1. */
  readonly vocalVolume: number;
  readonly instrumentalVolume: number;
  readonly lyricsSize: LyricsSize;
  /** How much later than written the lyrics come, in ms. */
  readonly lyricsOffset: number;
  readonly isPlaying: boolean;
  /** Position in the song in seconds at the moment of the last change of it. */
  readonly currentTime: number;
  /** The job whose results are played; null as long as nobody has chosen. */
  readonly songId: string | null;
}
export type Control = keyof Controls;

export interface PerformanceState extends Controls {
  /** Counts up at the server with every change. */
  readonly revision: number;
}

/** Until the server has said something; older than everything it can say. */
export const UNKNOWN_STATE: PerformanceState = {
  vocalVolume: 0,
  instrumentalVolume: 1,
  lyricsSize: "medium",
  lyricsOffset: 0,
  isPlaying: false,
  currentTime: 0,
  songId: null,
  revision: -1,
};

const isNumber = (value: unknown): value is number => Number.isFinite(value);

/** Undefined when it is not a whole state; in camelCase or as the server writes it. */
export function readPerformance(value: unknown): PerformanceState | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const fields = camelKeys(value);
  const { vocalVolume, instrumentalVolume, lyricsOffset, isPlaying, currentTime, revision } = fields;
  const lyricsSize = LYRICS_SIZES.find((known) => known === fields["lyricsSize"]);
  // Not every server has songs to choose from.
  const songId = typeof fields["songId"] === "string" ? fields["songId"] : null;
  if (!isNumber(vocalVolume) || !isNumber(instrumentalVolume) || !isNumber(lyricsOffset)) return undefined;
  if (!isNumber(currentTime) || !isNumber(revision)) return undefined;
  if (!lyricsSize || typeof isPlaying !== "boolean") return undefined;
  return {
    vocalVolume,
    instrumentalVolume,
    lyricsSize,
    lyricsOffset,
    isPlaying,
    currentTime,
    songId,
    revision,
  };
}

interface ControlMessage {
  readonly event: string;
  readonly data: Record<string, unknown>;
  /** Of several that wait for a connection the last one of a key is sent. */
  readonly key: string;
}

/** The message that makes a change. */
export function messageFor({ isPlaying, ...controls }: Partial<Controls>): ControlMessage {
  const data = Object.fromEntries(
    Object.entries(controls).map(([name, value]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  );
  if (isPlaying !== undefined)
    return { event: isPlaying ? "playback_play" : "playback_pause", data, key: "playback" };
  return { event: "update_performance_control", data, key: Object.keys(data).join() };
}
