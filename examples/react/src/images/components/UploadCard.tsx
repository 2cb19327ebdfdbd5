import { useConnection, useJob } from "jobwire/react";
import { memo, useRef, useState } from "react";
import { CardHead } from "../../components/CardHead";
import { UnsafeResult } from "../../components/UnsafeResult";
import { isTerminal, STATUS_WORDS } from "../../words";
import { MAX_SOCKETS } from "../settings";
import type { Phase, Upload } from "../uploads";
import { Metadata } from "./Metadata";
import { ProgressTracker } from "./ProgressTracker";

interface UploadCardProps {
  upload: Upload;
  /** How many wait for a socket before this one. */
  ahead: number;
  onRetry: (key: string) => void;
  onRemove: (key: string) => void;
}

export const UploadCard = memo(function UploadCard({ upload, ahead, onRetry, onRemove }: UploadCardProps) {
  const { key, sessionId, name, size, preview, phase, problem } = upload;
  const isUnsent = phase === "unsent";
  const job = useJob(isUnsent ? null : sessionId);
  const { state } = useConnection();
  const status = job?.status ?? "unsent";
  const isWaiting = phase === "waiting" && state === "open";
  const mayBeOver = phase === "resumed" && job !== undefined && !isTerminal(job.status);
  const removeButton = useRef<HTMLButtonElement>(null);
  const retry = () => {
    // This button goes; the keyboard goes on from the next one.
    removeButton.current?.focus();
    onRetry(key);
  };

  return (
    <article
      className="card"
      aria-labelledby={`${key}-name`}
      data-session-id={sessionId}
      data-status={status}
      data-phase={phase}
      data-progress={job?.progress ?? ""}
    >
      <Preview name={name} url={preview} />
      <CardHead id={`${key}-name`} name={name} size={size} state={pillOf(status, phase)} />
      <div className="card-actions">
        {(status === "failed" || isUnsent) && (
          <button type="button" className="button" data-kind="primary" onClick={retry}>
            Retry<span className="visually-hidden"> {name}</span>
          </button>
        )}
        {mayBeOver && (
          <button type="button" className="button" onClick={retry}>
            Start over<span className="visually-hidden"> with {name}</span>
          </button>
        )}
        <button ref={removeButton} type="button" className="button" onClick={() => onRemove(key)}>
          Remove<span className="visually-hidden"> {name}</span>
        </button>
      </div>
      <div className="upload-body">
        {isUnsent ? (
          <p className="card-problem" role="alert">
            {problem}
          </p>
        ) : (
          <ProgressTracker sessionId={sessionId} name={name} before={beforeNews(phase, isWaiting, ahead)} />
        )}
        {status === "completed" && <Metadata sessionId={sessionId} name={name} />}
        {job && <UnsafeResult job={job} />}
      </div>
    </article>
  );
});

function pillOf(status: keyof typeof STATUS_WORDS | "unsent", phase: Phase) {
  if (status === "unsent") return "Not sent";
  if (status !== "unknown") return STATUS_WORDS[status];
  return phase === "waiting" ? "Waiting" : "Sending";
}

function beforeNews(phase: Phase, isWaiting: boolean, ahead: number) {
  if (phase === "sending") return "Sending the image";
  if (phase !== "waiting") return "The server has the image";
  if (!isWaiting) return "Waits for its WebSocket; the image is sent when that is open";
  const line = ahead === 0 ? "next in line" : `${ahead} before it`;
  return `Waits for one of the ${MAX_SOCKETS} sockets: ${line}`;
}

/** The picture, or its extension where the browser can't show it. */
function Preview({ name, url }: { name: string; url: string }) {
  const [isBroken, setIsBroken] = useState(false);
  const extension = /\.([^.]{1,5})$/.exec(name)?.[1] ?? "file";
  return (
    <div className="thumb" data-kind="picture">
      {isBroken ? (
        <span aria-hidden="true">{extension.toUpperCase()}</span>
      ) : (
        <img src={url} alt={`Preview of ${name}`} onError={() => setIsBroken(true)} />
      )}
    </div>
  );
}
