import type { AuditRow, JobsClient } from "jobwire";
import { useCallback, useState } from "react";
import { clock } from "../../words";
import { useReading } from "./useReading";

/** What became of each kind of event. */
export function AuditPanel({ client }: { client: Pick<JobsClient, "audit"> }) {
  const [isOpen, setIsOpen] = useState(false);
  const read = useCallback(() => client.audit(), [client]);
  const { value, problem } = useReading(read, isOpen);
  return (
    <details
      className="panel inspector audit"
      onToggle={({ currentTarget }) => setIsOpen(currentTarget.open)}
    >
      <summary>
        <h2>Audit</h2>
        <span className="hint">client.audit(), each second</span>
      </summary>
      {problem && <p className="card-problem">{problem}</p>}
      {value && <AuditTable rows={value} />}
    </details>
  );
}

function AuditTable({ rows }: { rows: readonly AuditRow[] }) {
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label="What became of each event">
      <table>
        <caption>What became of each event</caption>
        <thead>
          <tr>
            <th scope="col">Event</th>
            <th scope="col">Received</th>
            <th scope="col">Delivered</th>
            <th scope="col">Invalid</th>
            <th scope="col">Listeners</th>
            <th scope="col">Unhandled</th>
            <th scope="col">Last</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ event, received, delivered, invalid, listeners, unhandled, lastAt }) => (
            <tr key={event}>
              <th scope="row">{event}</th>
              <td>{received}</td>
              <td>{delivered}</td>
              <td>{invalid}</td>
              <td>{listeners}</td>
              <td>{unhandled}</td>
              <td>{lastAt ? clock.format(lastAt) : "never"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
