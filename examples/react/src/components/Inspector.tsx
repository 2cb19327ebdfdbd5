import type { AuditRow, Inspection } from "jobwire";
import { useJobsClient } from "jobwire/react";
import { useEffect, useState } from "react";
import { clock } from "../words";

const REFRESH_MS = 1000;

interface Inside {
  audit: readonly AuditRow[];
  inspection: Inspection;
}

/** What the client knows about itself, read each second while anybody looks. */
export function Inspector() {
  const client = useJobsClient();
  const [isOpen, setIsOpen] = useState(false);
  const [inside, setInside] = useState<Inside>();

  useEffect(() => {
    if (!isOpen) return undefined;
    let isCurrent = true;
    const read = async () => {
      const [audit, inspection] = await Promise.all([client.audit(), client.inspect()]);
      if (isCurrent) setInside({ audit, inspection });
    };
    // A client that could not be loaded says so in the connection badge.
    const refresh = () => void read().catch(() => {});
    refresh();
    const timer = setInterval(refresh, REFRESH_MS);
    return () => {
      isCurrent = false;
      clearInterval(timer);
    };
  }, [client, isOpen]);

  return (
    <details className="panel inspector" onToggle={({ currentTarget }) => setIsOpen(currentTarget.open)}>
      <summary>
        <h2>Inspector</h2>
        <span className="hint">client.audit() and client.inspect(), each second</span>
      </summary>
      {inside && (
        <div className="inspector-tables">
          <AuditTable rows={inside.audit} />
          <CounterTable inspection={inside.inspection} />
        </div>
      )}
    </details>
  );
}

function AuditTable({ rows }: { rows: readonly AuditRow[] }) {
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label="Audit">
      <table>
        <caption>Audit: what became of each event</caption>
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

function CounterTable({ inspection: { counters, connections, subscriptions } }: Pick<Inside, "inspection">) {
  const rows: readonly (readonly [string, number])[] = [
    ["connections", connections.length],
    ["followed jobs", subscriptions.length],
    ...Object.entries(counters),
  ];
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label="Counters">
      <table>
        <caption>Counters since the page was loaded</caption>
        <thead>
          <tr>
            <th scope="col">What</th>
            <th scope="col">Count</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, count]) => (
            <tr key={name}>
              <th scope="row">{name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)}</th>
              <td>{count}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
