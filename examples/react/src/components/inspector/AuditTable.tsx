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
          <td>{findingOf(delivered, listeners, unhandled)}</td>
        </tr>
      ))}
    </ScrollTable>
  );
}

function findingOf(delivered: number, listeners: number, unhandled: number): string {
  if (listeners > 0 && delivered === 0) return "listener never fired";
  return unhandled > 0 ? "came without a listener" : "";
}
