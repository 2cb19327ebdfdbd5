import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { SongJob } from "../song";
import { queueQuery } from "./queries";

const NO_SONGS: readonly SongJob[] = [];

/** The songs that are ready, newest first: read over HTTP, again whenever the events say that something changed. */
export function useDoneSongs(): readonly SongJob[] {
  const { data = NO_SONGS } = useQuery(queueQuery);
  return useMemo(
    () =>
      data
        .filter(({ status }) => status === "completed")
        .sort((a, b) => b.createdAt.localeCompare(a.createdAt)),
    [data],
  );
}
