import { useQuery } from "@tanstack/react-query";
import { JOBS } from "../client";
import { FALLBACK_MS, SERVER } from "../settings";
import { isActive } from "../song";
import type { SongJob } from "../song";
import { statusQuery } from "./queries";
import { useWebSocketConnection } from "./useWebSocketConnection";

/** The job read over HTTP every two seconds while there is no connection, until it has ended; otherwise undefined. */
export function useJobStatusFallback(jobId: string): SongJob | undefined {
  const { socket, connected } = useWebSocketConnection(SERVER, { namespace: JOBS });
  // Without a channel the state of the connection is not known yet.
  const isNeeded = socket !== null && !connected && jobId !== "";
  const { data } = useQuery({
    ...statusQuery(jobId),
    enabled: isNeeded,
    refetchInterval: ({ state }) => (!state.data || isActive(state.data) ? FALLBACK_MS : false),
  });
  return isNeeded ? data : undefined;
}
