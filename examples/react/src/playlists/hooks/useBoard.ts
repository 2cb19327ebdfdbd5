import { useEntities, useJobEvents } from "jobwire/react";
import { useEffect, useMemo, useState } from "react";
import type { Journal } from "../../journal";
import { boardOf } from "../playlists";
import type { Analytics, Reading } from "../playlists";
import { readAnalytics, readPlaylists } from "../server";

const NOTHING: Reading = { playlists: [], at: 0 };

/** All playlists and what they add up to: read at the start and after each loss of the connection, then as told. */
export function useBoard(journal: Journal) {
  const [reading, setReading] = useState(NOTHING);
  const [analytics, setAnalytics] = useState<Analytics>();
  const [losses, setLosses] = useState(0);
  const told = useEntities("playlist");

  useEffect(() => {
    let isCurrent = true;
    const at = Date.now();
    Promise.all([readPlaylists(), readAnalytics()]).then(
      ([playlists, sums]) => {
        if (!isCurrent) return;
        setReading({ playlists, at });
        setAnalytics(sums);
      },
      (error: Error) => journal.add("you", error.message, "error"),
    );
    return () => {
      isCurrent = false;
    };
  }, [losses, journal]);
  // Nobody repeats what was told meanwhile.
  useJobEvents("reconnected", () => setLosses((before) => before + 1));
  useJobEvents("analytics_updated", (sums) => setAnalytics(sums));

  const playlists = useMemo(() => boardOf(reading, told), [reading, told]);
  return { playlists, analytics };
}
