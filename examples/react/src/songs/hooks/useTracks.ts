import type { Job } from "jobwire";
import { useEffect, useState } from "react";
import { isTerminal } from "../../words";
import { readTracks } from "../server";
import type { Track } from "../server";
import { POLL_MS } from "../settings";

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
    let timer: ReturnType<typeof setTimeout> | undefined;
    const read = async () => {
      try {
        const tracks = (await readTracks(id)).map((one) => [`${id}/${one.trackId}`, one] as const);
        if (isWanted) setTracks((before) => new Map([...before, ...tracks]));
      } catch {
        // Why it failed is in the connection's state; after the end there is no other reason to read again.
        if (isWanted) timer = setTimeout(() => void read(), POLL_MS);
      }
    };
    void read();
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [id, reason]);
  return tracks;
}
