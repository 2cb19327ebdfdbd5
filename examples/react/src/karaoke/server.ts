/** The HTTP side: sending songs, reading their jobs, their results. News of them is the client's business. */
import { ask } from "../http";
import { readSong, readSongs } from "./song";
import type { SongJob } from "./song";
import { SERVER } from "./settings";

const at = (path: string) => new URL(path, SERVER).href;
const jobPath = (id: string, rest = "") => at(`api/jobs/${encodeURIComponent(id)}${rest}`);

function asSong(body: unknown): SongJob {
  const song = readSong(body);
  if (!song) throw new Error("The server's answer is no job.");
  return song;
}

export interface SendSongOptions {
  /** Least time of each step, in ms. */
  pace: number;
  /** Whether the job is to fail midway. */
  fail: boolean;
}

export async function sendSong(file: File, { pace, fail }: SendSongOptions): Promise<SongJob> {
  const query = new URLSearchParams({ pace: String(pace), ...(fail && { fail: "1" }) });
  const headers = { "X-Filename": encodeURIComponent(file.name) };
  return asSong(await ask(at(`api/jobs?${query}`), { method: "POST", headers, body: file }));
}

export const readJobs = async (signal: AbortSignal) => readSongs(await ask(at("api/jobs"), { signal }));

/** One job. A server that takes longer than this is as good as silent: the page should say so. */
const READ_MS = 5000;

export async function readJob(id: string, signal: AbortSignal): Promise<SongJob> {
  const inTime = AbortSignal.any([signal, AbortSignal.timeout(READ_MS)]);
  return asSong(await ask(jobPath(id), { signal: inTime }));
}

export const cancelJob = (id: string) => ask(jobPath(id, "/cancel"), { method: "POST" });

/** Drops every connection of Socket.IO at the server, as if a cable were pulled. */
export const cutConnections = async () =>
  (await ask(at("api/_control/cut"), { method: "POST" })) as { closed: number };

export const STEMS = ["vocals", "instrumental"] as const;
export type Stem = (typeof STEMS)[number];
export const stemUrl = (id: string, stem: Stem) => jobPath(id, `/${stem}.wav`);
