import { useConnection } from "jobwire/react";
import { ProgressBar } from "../../components/ProgressBar";
import { UnsafeResult } from "../../components/UnsafeResult";
import { useNow } from "../../hooks/useNow";
import { freshness, isTerminal, STATUS_WORDS } from "../../words";
import { useLikedSongs } from "../context/LikedSongsContext";
import { countsInWords } from "../words";

const CLOCK_MS = 1000;

/** The latest analysis: its bar, its counts, and how fresh they are. */
export function AnalysisPanel() {
  const { job } = useLikedSongs();
  const { state } = useConnection();
  const isRunning = job !== undefined && !isTerminal(job.status);
  const now = useNow(CLOCK_MS, isRunning);
  if (!job) return null;

  const { id, status, progress, source } = job;
  const percent = progress === undefined ? "" : `${Math.floor(progress)} %`;
  const { tone, text } = freshness(job, state, now);
  // Reads go on for as long as the client waits for its next attempt.
  const isPolled = source === "polling" && state !== "open";
  return (
    <section
      className="card analysis"
      aria-label="Analysis"
      data-job-id={id}
      data-status={status}
      data-progress={progress ?? ""}
      data-source={source}
    >
      <div className="card-progress">
        <ProgressBar
          label="Progress of the analysis"
          {...(progress !== undefined && { value: progress })}
          text={[STATUS_WORDS[status], percent].filter(Boolean).join(", ")}
          tone={isTerminal(status) ? status : job.stale ? "held" : "running"}
        />
        <span className="percent">{percent}</span>
      </div>
      <p className="card-message">
        <span className="pill">{STATUS_WORDS[status]}</span>{" "}
        <span className="counts">{countsInWords(job)}</span>
      </p>
      <UnsafeResult job={job} />
      <p className="card-meta">
        {isRunning && (
          <span className="fresh" data-tone={isPolled ? "polling" : tone}>
            {isPolled ? "read over HTTP" : text}
          </span>
        )}
      </p>
    </section>
  );
}
