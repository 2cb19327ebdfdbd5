import { JobsClient } from "jobwire";
import type { JobsClientOptions } from "jobwire";
import { IN_WORKER, TRANSPORTS } from "./settings";

export const JOBS = "/jobs";
export const PERFORMANCE = "/performance";

/** The client of one server; channels beside `/jobs` use its connection. */
export function createKaraokeClient(url: string, logger?: JobsClientOptions["logger"]): JobsClient {
  return new JobsClient({
    url,
    protocol: "socket.io",
    namespace: JOBS,
    subscribe: "subscribe_to_jobs",
    polling: { url: "/api/jobs/{id}" },
    worker: IN_WORKER,
    ...(TRANSPORTS && { transports: TRANSPORTS }),
    ...(logger && { logger }),
  });
}
