import type { Job, JobStatus } from "jobwire";
import { useJob } from "jobwire/react";
import { memo } from "react";
import { CardHead } from "../../components/CardHead";
import { ProgressBar } from "../../components/ProgressBar";
import { UnsafeResult } from "../../components/UnsafeResult";
import { isTerminal, STATUS_WORDS } from "../../words";
import type { PlaylistJob } from "../hooks/useImports";
import { count } from "../words";

/** As they are numbered on the socket, and called over HTTP. */
const PHASES = [
  ["metadata", "Metadata"],
  ["matching", "Matching"],
  ["chartmetric", "Chartmetric"],
] as const;

/** An import, or an enrichment with its phases. */
export const JobRow = memo(function JobRow({ job: { jobId, name, kind } }: { job: PlaylistJob }) {
  const known = useJob(jobId);
  const { status, progress, counts, stage, error, stale } = known;
  const isOver = isTerminal(status);
  const tone = status === "completed" || status === "failed" || status === "cancelled" ? status : "running";
  const percent = progress === undefined ? "" : `${Math.floor(progress)} %`;
  return (
    <article
      className="card playlist-job"
      aria-labelledby={`${jobId}-name`}
      data-job-id={jobId}
      data-kind={kind}
      data-status={status}
      data-progress={progress ?? ""}
    >
      <CardHead id={`${jobId}-name`} name={name} state={STATUS_WORDS[status]} />
      <div className="card-progress">
        <ProgressBar
          label={`Progress of ${name}`}
          value={progress}
          text={[STATUS_WORDS[status], percent].filter(Boolean).join(", ")}
          tone={!isOver && stale ? "held" : tone}
        />
        <span className="percent">{percent}</span>
      </div>
      <div className="job-says">
        {kind === "enrichment" && <Phases stage={stage} status={status} />}
        {error ? (
          <p className="card-problem">{error.message}</p>
        ) : (
          <p className="card-meta">{describe(status, counts)}</p>
        )}
        <UnsafeResult job={known} />
      </div>
    </article>
  );
});

function describe(status: JobStatus, counts: Job["counts"]): string {
  if (counts?.total) {
    const { processed, total, failed = 0 } = counts;
    return `${count.format(processed)} of ${count.format(total)} rows, ${count.format(failed)} of them failed`;
  }
  return status === "running" ? "Begins" : "Waits for its turn";
}

function Phases({ stage, status }: { stage: string | undefined; status: string }) {
  const now = PHASES.findIndex(([name], index) => stage === name || stage === String(index + 1));
  const state = (index: number) => {
    if (status === "completed" || index < now) return "done";
    if (index > now) return "next";
    return status === "failed" ? "failed" : "now";
  };
  return (
    <ol className="stages" aria-label="Phases">
      {PHASES.map(([name, words], index) => (
        <li key={name} data-phase={name} data-state={state(index)}>
          {words}
        </li>
      ))}
    </ol>
  );
}
