/** The pools of the page: one a server. */
import type { JobsClientOptions } from "jobwire";
import { createKaraokeClient } from "../client";
import { GRACE_MS, SERVER } from "../settings";
import { ConnectionPool } from "./pool";

const pools = new Map<string, ConnectionPool>();
let logger: JobsClientOptions["logger"];

/** Where clients that are made from now on write their log. */
export function logTo(next: JobsClientOptions["logger"]): void {
  logger = next;
}

/** The pool of a server: addresses of the same origin share one. */
export function poolOf(url: string): ConnectionPool {
  const { origin } = new URL(url, location.href);
  let pool = pools.get(origin);
  if (!pool) {
    pool = new ConnectionPool(() => createKaraokeClient(url, logger), GRACE_MS);
    pools.set(origin, pool);
  }
  return pool;
}

/** The pool of the page's server. */
export const serverPool = () => poolOf(SERVER);
