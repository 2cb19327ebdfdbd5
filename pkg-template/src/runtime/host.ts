/** Where the core lives: in the page or in a worker. Both take the messages of docs/core-messages.md. */
import { encodeConfig } from "../wire/config.js";
import type { CoreConfig } from "../wire/config.js";
import { createHeartbeat } from "./heartbeat.js";
import { loaders } from "./loader.js";
import type { Core, Sink } from "../wire/messages.js";
import type { Cleaner, Start, Warn } from "./start.js";
import type { JobsClientOptions } from "../types.js";
import { createWanted } from "./wanted.js";

type Place = Pick<JobsClientOptions, "protocol" | "wasm" | "worker" | "shareAcrossTabs"> & {
  secrets: Cleaner;
};

/** Begins to load the core that a page is sure to need. */
export const preload = ({ protocol, wasm, shareAcrossTabs }: Omit<Place, "secrets">) =>
  shareAcrossTabs || loaders[protocol as keyof typeof loaders].loadModule(wasm);

/** Starts a core, or shares that of another tab. Rejects with JobsError `wasm`. */
export async function openCore(config: CoreConfig, options: Place, sink: Sink, warn: Warn): Promise<Core> {
  const encoded = encodeConfig(config);
  const open = openOwn.bind(undefined, encoded, options);
  const { shareAcrossTabs: scope, secrets } = options;
  const share =
    scope &&
    (await import("../tabs/tabs.js")
      .then(({ findTabs }) => findTabs({ config, encoded, scope, secrets, createWanted }))
      .catch((cause) => warn("tabs-unavailable", `${cause}`, "info")));
  return (share || open)(sink, warn, open);
}

/** Starts a core; `warn` is told where a worker was wanted and cannot be had. */
async function openOwn(config: string, options: Place, sink: Sink, warn: Warn): Promise<Core> {
  const { protocol, wasm, worker } = options;
  const { loadModule, loadPage } = loaders[protocol as keyof typeof loaders];
  const seed = Math.floor(Math.random() * 2 ** 53);
  const start: Start = { config, seed, sink, died: (message) => warn("core-died", message, "error") };
  if (worker) {
    const module = await loadModule(wasm);
    try {
      const { startWorker } = await import("./worker-host.js");
      return await startWorker(module, start, createHeartbeat);
    } catch (cause) {
      warn(
        "worker-unavailable",
        `The client runs in the page: no worker (${cause}). A CSP must allow worker-src blob:.`,
      );
    }
  }
  const [instance, { startInPage }] = await Promise.all([loadPage(wasm), import("./page-core.js")]);
  return startInPage(instance, start, createHeartbeat);
}
