/** The HTTP side: imports, what is known at the start, and what a person can do to a playlist. */
import { ask } from "../http";
import { SERVER } from "./settings";
import type { Analytics, Playlist } from "./playlists";

const at = (path: string) => new URL(`api/${path}`, SERVER);
const post = (path: string, body?: BodyInit) =>
  ask(at(path), { method: "POST", ...(body !== undefined && { body }) });
const playlist = (id: string, call: string) => `playlists/${encodeURIComponent(id)}${call}`;

export interface ImportOptions {
  /** Least time of each batch, in ms. */
  pace: number;
  /** Whether the enrichment is to fail. */
  fail: boolean;
}

/** Sends a CSV file; answers with the job that imports it and the one that enriches what was imported. */
export async function importPlaylists(file: File, { pace, fail }: ImportOptions) {
  const query = new URLSearchParams({ pace: String(pace), ...(fail && { fail: "1" }) });
  return (await post(`playlists/import?${query}`, file)) as { importId: string; jobId: string };
}

export const readPlaylists = async () =>
  ((await ask(at("playlists"))) as { playlists: readonly Playlist[] }).playlists;
export const readAnalytics = async () => (await ask(at("analytics"))) as Analytics;

export const enrich = async (id: string, pace: number) =>
  (await post(playlist(id, `/enrich?pace=${pace}`))) as { jobId: string };
export const setFollowers = (id: string, followers: number) =>
  post(playlist(id, ""), JSON.stringify({ followers }));

/** Drops every socket at the server, as if a cable were pulled. */
export const cutSockets = async () => (await post("playlists/_control/cut")) as { closed: number };
