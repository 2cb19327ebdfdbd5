import { JobsClient } from "jobwire";
import type { Journal } from "../journal";
import { followClient, loggerOf } from "../journal";
import { IN_WORKER, SERVER } from "./settings";

export function createPlaylistsClient(journal: Journal): JobsClient {
  const client = new JobsClient({
    url: SERVER,
    protocol: "broadcast",
    path: "/ws",
    // While there is no socket.
    polling: { url: "/api/enrichment/jobs/{id}" },
    worker: IN_WORKER,
    logger: loggerOf(journal),
  });
  followClient(client, journal);
  return client;
}
