import type { JobsClient } from "jobwire";
import { useCallback, useState, useSyncExternalStore } from "react";
import { ConnectionFacts } from "./ConnectionFacts";
import { FigureTable } from "./FigureTable";
import { SocketTable } from "./SocketTable";
import { useReading } from "./useReading";

type Inspected = Pick<JobsClient, "connection" | "inspect">;

/** What a client knows about its connection: of any client, whatever its events. */
export function ConnectionInspector({ client }: { client: Inspected }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <details className="panel inspector" onToggle={({ currentTarget }) => setIsOpen(currentTarget.open)}>
      <summary>
        <h2>Connection inspector</h2>
        <span className="hint">client.inspect(), each second</span>
      </summary>
      {isOpen && <Inside client={client} />}
    </details>
  );
}

function Inside({ client }: { client: Inspected }) {
  const status = useSyncExternalStore(client.connection.subscribe, () => client.connection.current);
  const read = useCallback(() => client.inspect(), [client]);
  const { value, at, problem } = useReading(read, true);
  return (
    <div className="inspector-inside">
      <ConnectionFacts status={status} sockets={value?.connections ?? []} readAt={at} />
      {problem && <p className="card-problem">{problem}</p>}
      {value && (
        <>
          <SocketTable sockets={value.connections} />
          <FigureTable title="What waits" figures={value.queues} />
          <FigureTable title="Counters since the page was loaded" figures={value.counters} />
        </>
      )}
    </div>
  );
}
