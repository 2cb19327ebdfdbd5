import { useQuery } from "@tanstack/react-query";
import { useRef } from "react";
import { statusQuery } from "../hooks/queries";
import { useCancelSong } from "../hooks/useCancelSong";
import { useJobStatusFallback } from "../hooks/useJobStatusFallback";
import { FALLBACK_MS } from "../settings";
import { isActive } from "../song";
import type { SongJob, SongStatus } from "../song";
import { ProgressBar } from "../../components/ProgressBar";
import { UnsafeResult } from "../../components/UnsafeResult";

const WORDS: Record<SongStatus, string> = {
  queued: "Queued",
  processing: "Processing",
  completed: "Completed",
  failed: "Failed",
  cancelled: "Cancelled",
};

interface SongQueueProps {
  songs: readonly SongJob[];
  isConnected: boolean;
}

export function SongQueue({ songs, isConnected }: SongQueueProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  return (
    <section className="panel" aria-labelledby="queue-heading">
      <h2 id="queue-heading" ref={heading} tabIndex={-1}>
        Processing <span className="count">{songs.length}</span>
      </h2>
      {songs.length === 0 && <p className="empty">Nothing in the queue. Drop a song above.</p>}
      <ul className="songs">
        {songs.map((song) => (
          <li key={song.id}>
            {/* The button that had the focus goes; the keyboard goes on from the heading. */}
            <QueuedSong song={song} isConnected={isConnected} onCancelled={() => heading.current?.focus()} />
          </li>
        ))}
      </ul>
    </section>
  );
}

interface QueuedSongProps {
  song: SongJob;
  isConnected: boolean;
  onCancelled: () => void;
}

function QueuedSong({ song: known, isConnected, onCancelled }: QueuedSongProps) {
  const read = useJobStatusFallback(known.id);
  const reads = useQuery({ ...statusQuery(known.id), enabled: false });
  // What was read in an earlier outage is older than what was told since.
  const polled = read && !(Date.parse(read.updatedAt) < Date.parse(known.updatedAt)) ? read : undefined;
  const song = polled ?? known;
  const { id, title, status, progress, statusMessage, error } = song;
  const { cancel, problem } = useCancelSong(id);
  const isOver = !isActive({ status });
  // Neither told nor read at present.
  const isFailing = reads.failureCount > 0 || reads.errorUpdatedAt > reads.dataUpdatedAt;
  const isHeld = !isOver && !isConnected && (!polled || isFailing);
  const percent = `${Math.floor(progress)} %`;
  return (
    <article
      className="song"
      aria-labelledby={`song-${id}`}
      data-song-id={id}
      data-status={status}
      data-progress={progress}
    >
      <div className="song-head">
        <h3 id={`song-${id}`} title={title}>
          {title}
        </h3>
        <span className="pill">{WORDS[status]}</span>
        <button
          type="button"
          className="button"
          disabled={isOver}
          onClick={async () => {
            if (await cancel()) onCancelled();
          }}
        >
          Cancel<span className="visually-hidden"> {title}</span>
        </button>
      </div>
      <div className="song-progress">
        <ProgressBar
          label={`Progress of ${title}`}
          value={status === "queued" ? undefined : progress}
          text={`${WORDS[status]}, ${percent}`}
          tone={isHeld ? "held" : status === "queued" || status === "processing" ? "running" : status}
        />
        <span className="percent">{percent}</span>
      </div>
      <p className={error || problem ? "card-problem" : "song-says"}>
        {problem ?? error ?? (statusMessage || WORDS[status])}
        {isHeld
          ? " (may be old: the server is not heard)"
          : polled && !isOver && ` (read over HTTP every ${FALLBACK_MS / 1000} s)`}
      </p>
      <UnsafeResult job={song} />
    </article>
  );
}
