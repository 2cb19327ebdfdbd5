import { useConnection, useJobsClient } from "jobwire/react";
import { duration } from "../../words";
import { useRoundTrip } from "../hooks/useRoundTrip";
import { PING_MS } from "../settings";

/** How far the server is, or a way back to it after the client has given up. */
export function RoundTrip() {
  const client = useJobsClient();
  const { state } = useConnection();
  const rttMs = useRoundTrip(PING_MS);
  // Why it fails is in the connection's state.
  const connect = () => void client.connect().catch(() => {});
  return state === "failed" ? (
    <button type="button" className="button" onClick={connect}>
      Connect again
    </button>
  ) : (
    <p className="hint" data-rtt={rttMs}>
      Round trip: {rttMs === undefined ? "–" : duration(rttMs)}
    </p>
  );
}
