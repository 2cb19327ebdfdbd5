/** The query caches of job states over HTTP. */
import type { QueryClient } from "@tanstack/react-query";
import { readJob, readJobs } from "../server";
import { isActive } from "../song";
import type { SongJob } from "../song";

/** All jobs the server knows. */
export const queueQuery = {
  queryKey: ["processing-queue"],
  queryFn: ({ signal }: { signal: AbortSignal }) => readJobs(signal),
} as const;

const STATUS = "processing-status";

/** One job. */
export const statusQuery = (id: string) =>
  ({
    queryKey: [STATUS, id],
    queryFn: ({ signal }: { signal: AbortSignal }) => readJob(id, signal),
  }) as const;

/**
 * Makes the caches of a job stale after an event. Those on the screen are read anew when the job's status changed;
 * a step of its progress is in the event already.
 */
export function invalidateJob(queries: QueryClient, song: SongJob, isStep: boolean): void {
  const refetchType = isStep && isActive(song) ? "none" : "active";
  void queries.invalidateQueries({ queryKey: queueQuery.queryKey, refetchType });
  void queries.invalidateQueries({ queryKey: [STATUS, song.id], refetchType });
}

export interface Reads {
  /** All jobs were read. */
  onQueue(songs: readonly SongJob[]): void;
  /** One was. */
  onStatus(song: SongJob): void;
}

/** Tells what was read over HTTP. Returns its undo. */
export function onReads(queries: QueryClient, { onQueue, onStatus }: Reads): () => void {
  return queries.getQueryCache().subscribe((event) => {
    if (event.type !== "updated" || event.action.type !== "success") return;
    const { queryKey, state } = event.query;
    if (queryKey[0] === STATUS) onStatus(state.data as SongJob);
    else if (queryKey[0] === queueQuery.queryKey[0]) onQueue(state.data as readonly SongJob[]);
  });
}
