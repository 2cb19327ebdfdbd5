import type { Inspection } from "jobwire";
import { duration } from "../../words";

const DIGITS = 8;

/** Each socket of the client, or the intention of one. */
export function SocketTable({ sockets }: { sockets: Inspection["connections"] }) {
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label="Sockets">
      <table>
        <caption>Sockets: {sockets.length === 0 ? "none" : sockets.length}</caption>
        {sockets.length > 0 && (
          <thead>
            <tr>
              <th scope="col">Job</th>
              <th scope="col">State</th>
              <th scope="col">Failures</th>
              <th scope="col">Silent for</th>
            </tr>
          </thead>
        )}
        <tbody>
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
        </tbody>
      </table>
    </div>
  );
}
