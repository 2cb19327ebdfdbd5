import { JobsClient } from "jobwire";
import type { JobsClientOptions } from "jobwire";
import { API, IN_WORKER, POLL_MS } from "./settings";

export function createSongsClient(url: string, logger: JobsClientOptions["logger"]): JobsClient {
  return new JobsClient({
    url,
    protocol: "broadcast",
    polling: { url: `${API}jobs/{id}`, interval: POLL_MS },
    // Each is told, those about the same job within one frame, too: `useWebSocket` loses no message.
    intervals: { job_status: 0 },
    // The server pings by the WebSocket's own means, which pages don't see.
    worker: IN_WORKER,
    ...(logger && { logger }),
  });
}
