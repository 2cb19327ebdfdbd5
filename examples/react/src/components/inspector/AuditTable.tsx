import type { AuditRow } from "jobwire";
import { clock } from "../../words";
import { ScrollTable } from "../ScrollTable";

const TITLE = "What became of each event";
const COLUMNS = ["Event", "Received", "Delivered", "Invalid", "Listeners", "Unhandled", "Last", "Finding"];

/** Which events came and how often, which of them nobody listened to, and which listeners never fired. */
export function AuditTable({ rows }: { rows: readonly AuditRow[] }) {
  return (
    <ScrollTable label={TITLE} caption={TITLE} columns={COLUMNS}>
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
    </ScrollTable>
  );
}

function findingOf(received: number, listeners: number, unhandled: number): string {
  if (received === 0) return listeners > 0 ? "listener never fired" : "";
  return unhandled > 0 ? "came without a listener" : "";
}
