import type { ConnectionStatus, Inspection } from "jobwire";
import { useNow } from "../../hooks/useNow";
import { duration } from "../../words";

const STEP_MS = 1000;

interface ConnectionFactsProps {
  status: ConnectionStatus;
  sockets: Inspection["connections"];
  /** When the sockets were looked at. */
  readAt: number;
}

/** A status is told when it changes, not with every message; the sockets know more. */
function lastMessageAt(
  { lastMessageAt: told = 0 }: ConnectionStatus,
  sockets: Inspection["connections"],
  readAt: number,
) {
  const heard = sockets
    .filter(({ state }) => state === "open")
    .map(({ silentForMs }) => readAt - silentForMs);
  return Math.max(told, ...heard);
}

export function ConnectionFacts({ status, sockets, readAt }: ConnectionFactsProps) {
  const now = useNow(STEP_MS, true);
  const { state, transport, rttMs, attempt, nextRetryAt, error } = status;
  const heardAt = lastMessageAt(status, sockets, readAt);
  const facts: readonly (readonly [name: string, value: string])[] = [
    ["State", state],
    ["Transport", transport ?? "none"],
    ["Round trip", rttMs === undefined ? "not measured" : duration(rttMs)],
    ["Failed attempts", String(attempt)],
    [
      "Next try",
      nextRetryAt === undefined ? "none planned" : `in ${duration(Math.max(0, nextRetryAt - now))}`,
    ],
    ["Last message", heardAt === 0 ? "none yet" : `${duration(Math.max(0, now - heardAt))} ago`],
    ["Error", error ? `${error.code}: ${error.message}` : "none"],
  ];
  return (
    <dl className="inspector-facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
