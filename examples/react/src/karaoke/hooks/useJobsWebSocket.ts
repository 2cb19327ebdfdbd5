import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { JOBS } from "../client";
import { ProcessingQueue } from "../queue";
import { SERVER } from "../settings";
import { readSong, readSongs } from "../song";
import type { SongJob } from "../song";
import { invalidateJob, onReads } from "./queries";
import { useWebSocketConnection } from "./useWebSocketConnection";

const JOB_EVENTS = ["job_created", "job_updated", "job_completed", "job_failed", "job_cancelled"] as const;

export interface JobsWebSocket {
  /** The songs that are queued or processed, and for a moment those that have just ended. */
  readonly jobs: readonly SongJob[];
  readonly isConnected: boolean;
  /** In words for a person. */
  readonly error: string | null;
  /** Asks for the list again; connects first where there is no connection. */
  refetch(): void;
}

/** The processing queue, kept up to date by the events of `/jobs` and, while disconnected, by reads over HTTP. */
export function useJobsWebSocket(): JobsWebSocket {
  const [jobs, setJobs] = useState<readonly SongJob[]>([]);
  const queue = useRef<ProcessingQueue>(null);
  const queries = useQueryClient();
  const { socket, connected, error, connect } = useWebSocketConnection(SERVER, { namespace: JOBS });

  useEffect(() => {
    const shown = new ProcessingQueue(setJobs);
    queue.current = shown;
    return () => shown.clear();
  }, []);

  // A list that was read while events come may be older than they are.
  useEffect(() => {
    if (connected) return undefined;
    return onReads(queries, {
      onQueue: (songs) => queue.current?.replace(songs),
      onStatus: (song) => queue.current?.update(song),
    });
  }, [queries, connected]);

  useEffect(() => {
    if (!socket) return undefined;
    const undos = JOB_EVENTS.map((event) =>
      socket.on(event, (payload) => {
        const song = readSong(payload);
        if (!song) return;
        queue.current?.update(song);
        invalidateJob(queries, song, event === "job_updated");
      }),
    );
    undos.push(socket.on("jobs_list", (payload) => queue.current?.replace(readSongs(payload))));
    return () => undos.forEach((undo) => undo());
  }, [socket, queries]);

  const requestList = useCallback(() => {
    socket?.send("request_jobs_list", undefined, { supersede: "request_jobs_list" }).catch(() => {});
  }, [socket]);
  // Whatever happened while there was no connection is in the list, and in the caches' next reads.
  useEffect(() => {
    if (!connected) return;
    requestList();
    void queries.invalidateQueries();
  }, [connected, requestList, queries]);

  const refetch = useCallback(
    () => (connected ? requestList() : connect()),
    [connected, requestList, connect],
  );
  return { jobs, isConnected: connected, error: error?.message ?? null, refetch };
}
