import type { Inspection } from "jobwire";
import { duration } from "../../words";
import { ScrollTable } from "../ScrollTable";

const COLUMNS = ["Job", "State", "Failures", "Silent for"];
const DIGITS = 8;

/** Each socket of the client, or the intention of one. */
export function SocketTable({ sockets }: { sockets: Inspection["connections"] }) {
  return (
    <ScrollTable
      label="Sockets"
      caption={`Sockets: ${sockets.length === 0 ? "none" : sockets.length}`}
      columns={sockets.length === 0 ? [] : COLUMNS}
    >
      {sockets.map(({ jobId, state, attempt, silentForMs }) => (
        <tr key={jobId ?? ""}>
          <th scope="row" title={jobId}>
            {jobId?.slice(0, DIGITS) ?? "all"}
          </th>
          <td>{state}</td>
          <td>{attempt}</td>
          <td>{duration(silentForMs)}</td>
        </tr>
      ))}
    </ScrollTable>
  );
}
