import type { Job } from "jobwire";
import { createContext, useContext } from "react";
import type { Song } from "../likedSongs";
import type { AnalysisOptions } from "../server";

export interface LikedSongsValue {
  readonly songs: readonly Song[];
  /** The latest analysis. */
  readonly job: Job | undefined;
  readonly isSending: boolean;
  readonly problem: string | null;
  like(files: readonly File[]): void;
  /** Sends the songs that the server does not have yet, as one job. */
  analyse(options: AnalysisOptions): Promise<void>;
}

export const LikedSongsContext = createContext<LikedSongsValue | null>(null);

export function useLikedSongs(): LikedSongsValue {
  const value = useContext(LikedSongsContext);
  if (!value) throw new Error("There is no LikedSongsProvider above this component.");
  return value;
}
