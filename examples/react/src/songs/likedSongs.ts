/** The liked songs of the page, and how far their analyses are. */
import type { Entity } from "jobwire";
import type { Analysis, Track } from "./server";

/** `pending`: the server has it and has not said how it ended. */
export type SongStatus = "liked" | "sending" | "pending" | "analyzed" | "failed";

interface LikedSong {
  readonly key: string;
  readonly file: File;
  /** Of the server, once it has the song. */
  readonly trackId?: string;
  readonly jobId?: string;
}

export interface Song {
  readonly key: string;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly status: SongStatus;
  readonly trackId?: string | undefined;
  readonly error?: string | undefined;
  readonly analysis?: Analysis | undefined;
}

export interface LikedSongs {
  readonly songs: readonly LikedSong[];
  /** Keys of the songs that are on their way. */
  readonly sending: ReadonlySet<string>;
  /** The latest analysis. */
  readonly jobId: string | null;
  /** Why songs were not sent. */
  readonly problem: string | null;
}

const NONE: ReadonlySet<string> = new Set();

export const NO_SONGS: LikedSongs = { songs: [], sending: NONE, jobId: null, problem: null };

export type SongsAction =
  | { type: "liked"; songs: readonly LikedSong[] }
  | { type: "sending"; keys: ReadonlySet<string> }
  | { type: "accepted"; jobId: string; trackIds: ReadonlyMap<string, string> }
  | { type: "unsent"; problem: string };

export function reduceSongs(state: LikedSongs, action: SongsAction): LikedSongs {
  switch (action.type) {
    case "liked":
      return { ...state, songs: [...state.songs, ...action.songs] };
    case "sending":
      return { ...state, sending: action.keys, problem: null };
    case "accepted": {
      const { jobId, trackIds } = action;
      const songs = state.songs.map((song) => {
        const trackId = trackIds.get(song.key);
        return trackId === undefined ? song : { ...song, trackId, jobId };
      });
      return { songs, sending: NONE, jobId, problem: null };
    }
    case "unsent":
      return { ...state, sending: NONE, problem: action.problem };
  }
}

const isEnd = (status: string | undefined) => status === "analyzed" || status === "failed";

/** What is known about the analysis of a song. */
interface Known {
  readonly isSending: boolean;
  /** Over the socket. */
  readonly told: Entity | undefined;
  /** Over HTTP. */
  readonly read: Track | undefined;
  /** Whether its job failed: what was not analysed then can be sent again. */
  readonly isGivenUp: boolean;
}

/**
 * The song as it is shown. An end is final, whoever told it: the socket or a read over HTTP, which makes up for what
 * the socket could not carry.
 */
export function songOf(
  { key, file, trackId, jobId }: LikedSong,
  { isSending, told, read, isGivenUp }: Known,
): Song {
  const facts = { key, name: file.name, size: file.size };
  if (isSending) return { ...facts, status: "sending" };
  if (trackId === undefined) return { ...facts, status: "liked" };
  // A server that has forgotten everything may count its tracks anew.
  const { jobId: of } = (told?.data ?? {}) as { jobId?: unknown };
  const end = [String(of) === jobId ? told?.status : undefined, read?.status].find(isEnd);
  const { error, analysis } = read ?? {};
  return { ...facts, trackId, status: end ?? (isGivenUp ? "liked" : "pending"), error, analysis };
}
