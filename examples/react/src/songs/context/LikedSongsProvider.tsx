import { useEntities, useJob } from "jobwire/react";
import { useCallback, useMemo, useReducer } from "react";
import type { ReactNode } from "react";
import { problemOf } from "../../words";
import { useTracks } from "../hooks/useTracks";
import { NO_SONGS, reduceSongs, songOf } from "../likedSongs";
import { startAnalysis } from "../server";
import { LikedSongsContext } from "./LikedSongsContext";
import type { LikedSongsValue } from "./LikedSongsContext";

/** Liked songs and their analysis: told over the WebSocket, and read over HTTP while there is none. */
export function LikedSongsProvider({ children }: { children: ReactNode }) {
  const [{ songs: liked, sending, jobId, problem }, dispatch] = useReducer(reduceSongs, NO_SONGS);
  const job = useJob(jobId);
  const told = useEntities("track");
  const read = useTracks(job);

  const songs = useMemo(
    () =>
      liked.map((song) =>
        songOf(song, {
          isSending: sending.has(song.key),
          told: told.get(song.trackId ?? ""),
          read: read.get(`${song.jobId}/${song.trackId}`),
          isGivenUp: song.jobId === job?.id && job?.status === "failed",
        }),
      ),
    [liked, sending, told, read, job?.id, job?.status],
  );

  const like = useCallback((files: readonly File[]) => {
    dispatch({ type: "liked", songs: files.map((file) => ({ key: crypto.randomUUID(), file })) });
  }, []);

  const analyse = useCallback<LikedSongsValue["analyse"]>(
    async (options) => {
      const wanted = new Set(songs.filter(({ status }) => status === "liked").map(({ key }) => key));
      const fresh = liked.filter(({ key }) => wanted.has(key));
      dispatch({ type: "sending", keys: wanted });
      try {
        const { jobId: id, tracks } = await startAnalysis(
          fresh.map(({ file }) => file),
          options,
        );
        const trackIds = new Map(fresh.map(({ key }, place) => [key, tracks[place]?.trackId ?? ""]));
        dispatch({ type: "accepted", jobId: String(id), trackIds });
      } catch (error) {
        dispatch({ type: "unsent", problem: problemOf(error) });
      }
    },
    [liked, songs],
  );

  const isSending = sending.size > 0;
  const value = useMemo(
    () => ({ songs, job, isSending, problem, like, analyse }),
    [songs, job, isSending, problem, like, analyse],
  );
  return <LikedSongsContext value={value}>{children}</LikedSongsContext>;
}
