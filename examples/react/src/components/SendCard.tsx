import type { SendingItem, UnsentItem } from "../items";
import { CardHead } from "./CardHead";
import { ProgressBar } from "./ProgressBar";
import { Thumbnail } from "./Result";

interface SendCardProps {
  item: SendingItem | UnsentItem;
  onResend: (key: string) => void;
  onDismiss: (key: string) => void;
}

/** A file on its way to the server; laid out as the card of the job that follows. */
export function SendCard({ item, onResend, onDismiss }: SendCardProps) {
  const { key, name, size, phase } = item;
  const percent = phase === "sending" ? item.sent * 100 : 0;
  return (
    <article className="card" aria-labelledby={`${key}-name`} data-status={phase}>
      <Thumbnail name={name} />
      <CardHead
        id={`${key}-name`}
        name={name}
        size={size}
        state={phase === "sending" ? "Sending" : "Not sent"}
      />
      <div className="card-actions">
        {phase === "unsent" && (
          <button type="button" className="button" data-kind="primary" onClick={() => onResend(key)}>
            Send again<span className="visually-hidden"> {name}</span>
          </button>
        )}
        <button type="button" className="button" onClick={() => onDismiss(key)}>
          {phase === "sending" ? "Cancel" : "Dismiss"}
          <span className="visually-hidden"> {name}</span>
        </button>
      </div>
      <div className="card-progress">
        <ProgressBar
          label={`Sending ${name}`}
          value={percent}
          text={`${Math.floor(percent)} % sent`}
          tone={phase === "sending" ? "running" : "failed"}
        />
        <span className="percent">{Math.floor(percent)} %</span>
      </div>
      <div className="card-body">
        {phase === "sending" ? (
          <p className="card-message">Sending the file to the server</p>
        ) : (
          <p className="card-problem" role="alert">
            {item.problem}
          </p>
        )}
      </div>
    </article>
  );
}
