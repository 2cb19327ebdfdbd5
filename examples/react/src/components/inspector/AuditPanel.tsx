import type { JobsClient } from "jobwire";
import { useCallback, useState } from "react";
import { AuditTable } from "./AuditTable";
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
