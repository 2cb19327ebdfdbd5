import type { AuditRow } from "jobwire";
import { clock } from "../../words";

/** Which events came and how often, which of them nobody listened to, and which listeners never fired. */
export function AuditTable({ rows }: { rows: readonly AuditRow[] }) {
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
            <th scope="col">Finding</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ event, received, delivered, invalid, listeners, unhandled, lastAt }) => (
            <tr key={event} data-event={event}>
              <th scope="row">{event}</th>
              <td>{received}</td>
              <td>{delivered}</td>
              <td>{invalid}</td>
              <td>{listeners}</td>
              <td>{unhandled}</td>
              <td>{lastAt ? clock.format(lastAt) : "never"}</td>
              <td>{findingOf(received, listeners, unhandled)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function findingOf(received: number, listeners: number, unhandled: number): string {
  if (received === 0) return listeners > 0 ? "listener never fired" : "";
  return unhandled > 0 ? "came without a listener" : "";
}
