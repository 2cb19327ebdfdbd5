import { useConnection, useJob } from "jobwire/react";
import type { ConnectionStatus, Job } from "jobwire";
import { ProgressBar } from "../../components/ProgressBar";
import { isTerminal, STATUS_WORDS } from "../../words";

interface ProgressTrackerProps {
  sessionId: string;
  /** Of the image. */
  name: string;
  /** What is said before the server has said anything. */
  before: string;
}

/** The progress of a session: a bar, the server's sentence, and whether it is heard of at present. */
export function ProgressTracker({ sessionId, name, before }: ProgressTrackerProps) {
  const job = useJob(sessionId);
  const { state } = useConnection();
  const { status, progress, message, error } = job;
  const isOver = isTerminal(status);
  const isConnected = isOver || isHeardOf(job, state);
  // A failure is told as progress 0: the bar stays where it was, and no number is made of it.
  const percent = progress === undefined || status === "failed" ? "" : `${Math.floor(progress)} %`;
  return (
    <div className="tracker" data-connected={isConnected}>
      <div className="card-progress">
        <ProgressBar
          label={`Progress of ${name}`}
          value={progress}
          text={[STATUS_WORDS[status], percent].filter(Boolean).join(", ")}
          tone={isOver ? status : isConnected ? "running" : "held"}
        />
        <span className="percent">{percent}</span>
      </div>
      <p className={error ? "card-problem" : "card-message"}>{error?.message ?? message ?? before}</p>
      {!isOver && (
        <p className="card-meta">
          {!isConnected && (
            <span className="fresh" data-tone="stale">
              {LABELS[state]}
            </span>
          )}
        </p>
      )}
    </div>
  );
}

/** While others have sockets, this one is connecting, or waits for one. */
const isHeardOf = ({ status, stale }: Job, state: ConnectionStatus["state"]) =>
  status === "unknown" ? state === "open" : !stale;

const RECONNECTING = "Reconnecting…";
const LABELS: Record<ConnectionStatus["state"], string> = {
  idle: "Connecting…",
  connecting: "Connecting…",
  open: RECONNECTING,
  waiting: RECONNECTING,
  polling: RECONNECTING,
  suspended: "Paused",
  failed: "Not connected",
  closed: "Not connected",
};
