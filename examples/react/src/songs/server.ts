/** The HTTP side: sending songs, what was found in them. News of them is the client's business. */
import { ask } from "../http";
import { API } from "./settings";

const at = (path: string) => new URL(path, API);

export interface AnalysisOptions {
  /** Least time of each song, in ms. */
  pace: number;
  /** Whether the job is to fail after its first five songs. */
  fail: boolean;
  /** Whether its progress tells how many songs there are. */
  total: boolean;
}

/** What was measured in a song. */
export interface Analysis {
  readonly durationSeconds: number;
  /** 0–1. */
  readonly rms: number;
  readonly tempoBpm: number | null;
}

export interface Track {
  readonly trackId: string;
  readonly status: string;
  readonly error?: string;
  readonly analysis?: Analysis;
}

/** Sends songs, which become one job; the tracks are in the order of the songs. */
export async function startAnalysis(
  files: readonly File[],
  { pace, fail, total }: AnalysisOptions,
): Promise<{ jobId: number; tracks: readonly { trackId: string }[] }> {
  const form = new FormData();
  for (const file of files) form.append("tracks", file);
  const query = new URLSearchParams({
    pace: String(pace),
    ...(fail && { fail: "1" }),
    ...(!total && { total: "0" }),
  });
  return (await ask(at(`jobs?${query}`), { method: "POST", body: form })) as {
    jobId: number;
    tracks: readonly { trackId: string }[];
  };
}

export async function readTracks(jobId: string): Promise<readonly Track[]> {
  const { tracks } = (await ask(at(`jobs/${encodeURIComponent(jobId)}`))) as { tracks: readonly Track[] };
  return tracks;
}

/** Drops every socket at the server, as if a cable were pulled. */
export const cutSockets = async () =>
  (await ask(at("_control/cut"), { method: "POST" })) as { closed: number };
