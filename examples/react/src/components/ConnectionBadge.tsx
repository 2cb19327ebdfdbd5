import type { ConnectionStatus, JobsError } from "jobwire";
import { useConnection } from "jobwire/react";
import { useNow } from "../hooks/useNow";
import { POLL_MS } from "../settings";

type Tone = "quiet" | "busy" | "live" | "polling" | "trouble";

interface Words {
  tone: Tone;
  title: string;
  says: string;
}

const WORDS: Record<ConnectionStatus["state"], Words> = {
  idle: { tone: "quiet", title: "Ready", says: "Nothing to follow; the next job opens a WebSocket." },
  connecting: { tone: "busy", title: "Connecting", says: "Opening a WebSocket." },
  open: {
    tone: "live",
    title: "Live",
    says: "Each running job has a WebSocket; news arrives as it happens.",
  },
  waiting: { tone: "trouble", title: "Reconnecting", says: "The connection was lost." },
  polling: {
    tone: "polling",
    title: "Polling",
    says: `Jobs are read over HTTP every ${POLL_MS / 1000} s until a WebSocket opens again.`,
  },
  suspended: { tone: "quiet", title: "Paused", says: "The page sleeps; it connects when it is shown again." },
  failed: { tone: "trouble", title: "Not connected", says: "The client has given up." },
  closed: { tone: "quiet", title: "Closed", says: "The client was closed." },
};

const TRANSPORTS = { websocket: "WebSocket", polling: "HTTP", tab: "another tab" };
const COUNTDOWN_STEP_MS = 250;

/** What the states mean on a page, where it differs. */
export type BadgeWords = Partial<Record<ConnectionStatus["state"], string>>;

/** The connection's state in words; its size does not depend on them. */
export function ConnectionBadge({ words = {} }: { words?: BadgeWords }) {
  const { state, transport, attempt, nextRetryAt, error } = useConnection();
  const now = useNow(COUNTDOWN_STEP_MS, nextRetryAt !== undefined);
  const { tone, title, says } = WORDS[state];
  const isRetrying = state === "connecting" && attempt > 0;
  const seconds = nextRetryAt === undefined ? 0 : Math.ceil(Math.max(0, nextRetryAt - now) / 1000);
  return (
    <section className="connection" aria-label="Connection" data-state={state} data-tone={tone}>
      <div className="connection-line">
        <strong className="connection-state">
          <span className="dot" aria-hidden="true" />
          {isRetrying ? "Reconnecting" : title}
        </strong>
        <dl>
          <div>
            <dt>Transport</dt>
            <dd>{transport ? TRANSPORTS[transport] : "none"}</dd>
          </div>
          <div>
            <dt>Failed attempts</dt>
            <dd>{attempt}</dd>
          </div>
          <div>
            <dt>Next try</dt>
            <dd>{nextRetryAt !== undefined ? `in ${seconds} s` : isRetrying ? "now" : "–"}</dd>
          </div>
        </dl>
      </div>
      <p className="connection-says">{error ? withCode(explain(error, state)) : (words[state] ?? says)}</p>
    </section>
  );
}

function explain({ message, remedy }: JobsError, state: ConnectionStatus["state"]): string {
  if (state !== "failed") return `${message} ${remedy}`;
  // The page has a button for it.
  const rest = remedy.replace("; if `failed`, call connect()", "");
  return [message, rest, WORDS.failed.says].join(" ");
}

/** Names of options stand between backticks in a remedy. */
const withCode = (text: string) =>
  text.split("`").map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part));
