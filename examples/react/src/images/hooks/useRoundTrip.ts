import { useConnection, useJobEvents, useJobsClient } from "jobwire/react";
import { useCallback, useEffect } from "react";

/** Time in ms to the server and back, measured every `interval` ms over one of the open sockets. */
export function useRoundTrip(interval: number): number | undefined {
  const client = useJobsClient();
  const { state, rttMs } = useConnection();

  const ping = useCallback(
    (jobId: string) => client.send("ping", { jobId }, { volatile: true }).catch(() => {}),
    [client],
  );
  useJobEvents("connected", ({ sessionId }) => void ping(sessionId));
  useEffect(() => {
    if (state !== "open") return undefined;
    const measure = async () => {
      const { connections } = await client.inspect();
      const open = connections.find((socket) => socket.state === "open");
      if (open?.jobId) await ping(open.jobId);
    };
    // A client that is closed meanwhile has nothing to measure.
    const timer = setInterval(() => void measure().catch(() => {}), interval);
    return () => clearInterval(timer);
  }, [client, state, interval, ping]);
  return rttMs;
}
