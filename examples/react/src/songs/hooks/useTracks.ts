import type { Job } from "jobwire";
import { useEffect, useState } from "react";
import { isTerminal } from "../../words";
import { readTracks } from "../server";
import type { Track } from "../server";

const NONE: ReadonlyMap<string, Track> = new Map();

/**
 * The tracks of jobs as HTTP tells them, by the ids of both: read when a job has ended, for what was found, and whenever it was
 * read itself, as nobody tells of its tracks then.
 */
export function useTracks(job: Job | undefined): ReadonlyMap<string, Track> {
  const [tracks, setTracks] = useState(NONE);
  const { id, source, status, updatedAt } = job ?? {};
  const isOver = status !== undefined && isTerminal(status);
  // Changes when there is a reason to read.
  const reason = isOver ? "over" : source === "polling" ? updatedAt : undefined;

  useEffect(() => {
    if (!id || reason === undefined) return undefined;
    let isWanted = true;
    readTracks(id).then(
      (read) => {
        if (isWanted)
          setTracks(
            (before) => new Map([...before, ...read.map((one) => [`${id}/${one.trackId}`, one] as const)]),
          );
      },
      // The next reason reads again; why it failed is in the connection's state.
      () => {},
    );
    return () => {
      isWanted = false;
    };
  }, [id, reason]);
  return tracks;
}
