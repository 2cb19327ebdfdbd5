/** Songs, counts and the connection in words. */
import type { Job } from "jobwire";
import type { BadgeWords } from "../components/ConnectionBadge";
import { duration } from "../words";
import type { SongStatus } from "./likedSongs";
import type { Analysis } from "./server";
import { POLL_MS } from "./settings";

export const CONNECTION_SAYS: BadgeWords = {
  idle: "One WebSocket is opened for everything.",
  open: "One WebSocket tells of every job and every song, as it happens.",
  waiting: "The connection was lost.",
  polling: `Jobs are read over HTTP every ${POLL_MS / 1000} s until a WebSocket opens again.`,
};

export const SONG_WORDS: Record<SongStatus, string> = {
  liked: "Not analysed",
  sending: "Sending",
  pending: "Pending",
  analyzed: "Analysed",
  failed: "Failed",
};

export function countsInWords({ counts }: Job): string {
  if (!counts) return "";
  const { processed, total, succeeded, failed } = counts;
  const parts = [
    total === undefined ? `${processed} songs so far` : `${processed} of ${total} songs`,
    succeeded !== undefined && `${succeeded} analysed`,
    failed !== undefined && `${failed} failed`,
  ];
  return parts.filter(Boolean).join(", ");
}

export function analysisInWords({ durationSeconds, rms, tempoBpm }: Analysis): string {
  const tempo = tempoBpm === null ? "no clear beat" : `${Math.round(tempoBpm)} beats a minute`;
  return `${duration(durationSeconds * 1000)}, ${tempo}, loudness ${Math.round(rms * 100)} %`;
}
