import { JobsClient } from "jobwire";
import type { Journal } from "./journal";
import { followClient, loggerOf } from "./journal";
import { DEFAULT_HEARTBEAT_MS, HEARTBEAT_TIMEOUT_MS, IN_WORKER, POLL_MS, SERVER } from "./settings";

export function createDemoClient(journal: Journal, heartbeatMs = DEFAULT_HEARTBEAT_MS): JobsClient {
  const client = new JobsClient({
    url: SERVER,
    protocol: "stream",
    polling: { url: "/api/v1/jobs/{id}", interval: POLL_MS },
    heartbeat: { interval: heartbeatMs, timeout: HEARTBEAT_TIMEOUT_MS },
    // Fewer attempts than by default: whoever tries "Refuse WebSockets" sees polling within a few seconds.
    reconnect: { attempts: 3 },
    worker: IN_WORKER,
    logger: loggerOf(journal),
  });
  followClient(client, journal);
  return client;
}
