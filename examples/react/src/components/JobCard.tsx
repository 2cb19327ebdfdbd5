import { useConnection, useJob, useJobsClient } from "jobwire/react";
import { memo, useState } from "react";
import { useJobProgress } from "../hooks/useJobProgress";
import { useNow } from "../hooks/useNow";
import { useResult } from "../hooks/useResult";
import type { JobItem } from "../items";
import { readScore } from "../score";
import type { Score } from "../score";
import { cancelJob, retryJob } from "../server";
import { SERVER } from "../settings";
import { freshness, isTerminal, problemOf, STATUS_WORDS, timeLeft } from "../words";
import { CardHead } from "./CardHead";
import { ProgressBar } from "./ProgressBar";
import { ResultFacts, Thumbnail } from "./Result";
import { Stages } from "./Stages";

interface JobCardProps {
  item: JobItem;
  onDismiss: (key: string) => void;
}

const STALE_STEP_MS = 1000;

export const JobCard = memo(function JobCard({ item, onDismiss }: JobCardProps) {
  const { key, jobId, name, size } = item;
  const client = useJobsClient();
  const job = useJob(jobId);
  const connection = useConnection().state;
  const { error: reason } = useJobProgress(jobId);
  const url = job.resultUrl && new URL(job.resultUrl, SERVER).href;
  const loaded = useResult<Score>(job.status === "completed" ? url : undefined, readScore);
  const [problem, setProblem] = useState("");
  const [isAsking, setIsAsking] = useState(false);

  const { status, progress, stage, message, attempt, error } = job;
  const isOver = isTerminal(status);
  const now = useNow(STALE_STEP_MS, job.stale && !isOver);
  const fresh = freshness(job, connection, now);
  const percent = progress === undefined ? undefined : `${Math.floor(progress)} %`;
  const left = timeLeft(job);

  const ask = async (request: () => Promise<unknown>) => {
    if (isAsking) return;
    setIsAsking(true);
    setProblem("");
    try {
      await request();
    } catch (reason) {
      setProblem(problemOf(reason));
    }
    setIsAsking(false);
  };
  const retry = () =>
    ask(async () => {
      await retryJob(jobId);
      client.job(jobId).retry();
    });

  return (
    <article
      className="card"
      aria-labelledby={`${key}-name`}
      data-job-id={jobId}
      data-status={status}
      data-progress={progress ?? ""}
      data-stage={stage ?? ""}
    >
      <Thumbnail name={name} {...(loaded.result && { score: loaded.result })} />
      <CardHead id={`${key}-name`} name={name} size={size} state={STATUS_WORDS[status]} />
      <div className="card-actions">
        {status === "failed" && error?.retryable && (
          <button type="button" className="button" data-kind="primary" onClick={retry}>
            Retry<span className="visually-hidden"> {name}</span>
          </button>
        )}
        <button
          type="button"
          className="button"
          onClick={() => (isOver ? onDismiss(key) : ask(() => cancelJob(jobId)))}
        >
          {isOver ? "Dismiss" : "Cancel"}
          <span className="visually-hidden"> {name}</span>
        </button>
      </div>
      <div className="card-progress">
        <ProgressBar
          label={`Progress of ${name}`}
          value={status === "queued" ? undefined : progress}
          text={[STATUS_WORDS[status], percent, left].filter(Boolean).join(", ")}
          tone={isOver ? status : job.stale ? "held" : "running"}
        />
        <span className="percent">{status === "queued" ? "" : percent}</span>
      </div>
      <div className="card-body">
        {status === "completed" ? (
          <ResultFacts job={job} name={name} url={url} loaded={loaded} />
        ) : (
          <>
            <Stages job={job} />
            <p className={reason ? "card-problem" : "card-message"}>{reason ?? message}</p>
            <p className="card-meta">
              {!isOver && (
                <span className="fresh" data-tone={fresh.tone}>
                  {fresh.text}
                </span>
              )}
              {left && <span>{left}</span>}
              {attempt > 1 && <span>attempt {attempt}</span>}
            </p>
          </>
        )}
        {problem && (
          <p className="card-problem" role="alert">
            {problem}
          </p>
        )}
      </div>
    </article>
  );
});
