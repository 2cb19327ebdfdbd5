import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { FALLBACK_MS } from "../settings";
import type { SongJob } from "../song";
import { queueQuery } from "./queries";

const NO_SONGS: readonly SongJob[] = [];

/**
 * The songs that are ready, newest first. Read over HTTP, again whenever the events say that something changed, and
 * every two seconds while there are no events.
 */
export function useDoneSongs(isConnected: boolean): readonly SongJob[] {
  const { data = NO_SONGS } = useQuery({ ...queueQuery, refetchInterval: isConnected ? false : FALLBACK_MS });
  return useMemo(
    () =>
      data
        .filter(({ status }) => status === "completed")
        .sort((a, b) => b.createdAt.localeCompare(a.createdAt)),
    [data],
  );
}
