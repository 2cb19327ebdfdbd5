import { useEffect, useRef, useState } from "react";
import { isActive } from "../song";
import type { SongJob } from "../song";

interface SongAnnouncerProps {
  songs: readonly SongJob[];
  isConnected: boolean;
}

/** Tells screen readers how songs ended, and when the connection goes and comes back. */
export function SongAnnouncer({ songs, isConnected }: SongAnnouncerProps) {
  const [said, setSaid] = useState("");
  const ended = useRef(new Set<string>());
  const wasConnected = useRef<boolean>(undefined);

  useEffect(() => {
    const news = songs.filter((song) => !isActive(song) && !ended.current.has(song.id));
    for (const { id } of news) ended.current.add(id);
    const texts = news.map(({ title, status, error }) => `${title}: ${status}. ${error ?? ""}`);
    if (texts.length > 0) setSaid(texts.join(" "));
  }, [songs]);

  useEffect(() => {
    // The first connection is no news.
    if (wasConnected.current !== undefined || isConnected) {
      if (wasConnected.current !== undefined)
        setSaid(isConnected ? "The connection is back." : "The connection was lost.");
      wasConnected.current = isConnected;
    }
  }, [isConnected]);

  return (
    <p role="status" className="visually-hidden">
      {said}
    </p>
  );
}
