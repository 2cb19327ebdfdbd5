import { JobsClient } from "jobwire";
import type { Journal } from "../journal";
import { followClient, loggerOf } from "../journal";
import { IN_WORKER, MAX_SOCKETS, PATH, SERVER } from "./settings";

export function createImagesClient(journal: Journal): JobsClient {
  const client = new JobsClient({
    url: SERVER,
    protocol: "stream",
    path: PATH,
    // Progress is told over the socket alone.
    polling: false,
    pool: { maxSockets: MAX_SOCKETS },
    worker: IN_WORKER,
    logger: loggerOf(journal),
  });
  followClient(client, journal);
  return client;
}
