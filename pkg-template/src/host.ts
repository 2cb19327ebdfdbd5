/** Where the core lives: in the page or in a worker. Both take the messages of docs/core-messages.md. */
import { loaders } from "./loader.js";
import { Post } from "./messages.js";
import type { Core, Message, Sink } from "./messages.js";
import type { JobsClientOptions, LogEntry } from "./types.js";

/** Told about what could not be as it was wished for; an `error` when the core will never say anything again. */
export type Warn = (code: string, message: string, level?: LogEntry["level"]) => void;

type Wanted = Pick<JobsClientOptions, "protocol" | "wasm" | "worker" | "shareAcrossTabs">;

interface Told {
  sink: Sink | undefined;
}

/**
 * What the core is given to call. The core is never freed, and keeps it; so it must not keep the client alive, as any
 * function made inside of that would.
 */
const forward =
  (told: Told): Sink =>
  (...call) =>
    told.sink?.(...call);

/** Begins to load the core that a page is sure to need. */
export const preload = ({ protocol, wasm, shareAcrossTabs }: Wanted) =>
  shareAcrossTabs || loaders[protocol as keyof typeof loaders].loadModule(wasm);

/** Starts a core, or shares that of another tab. Rejects with JobsError `wasm`. */
export async function openCore(config: string, options: Wanted, sink: Sink, warn: Warn): Promise<Core> {
  const open = openOwn.bind(undefined, config, options);
  const { shareAcrossTabs: scope } = options;
  const share =
    scope &&
    (await import("./tabs.js")
      .then(({ findTabs }) => findTabs(config, scope))
      .catch((cause) => warn("tabs-unavailable", `${cause}`, "info")));
  return (share || open)(sink, warn, open);
}

/** Starts a core; `warn` is told where a worker was wished for and cannot be had. */
async function openOwn(
  config: string,
  { protocol, wasm, worker }: Wanted,
  sink: Sink,
  warn: Warn,
): Promise<Core> {
  const { loadModule, loadPage } = loaders[protocol as keyof typeof loaders];
  const seed = Math.floor(Math.random() * 2 ** 53);
  if (worker) {
    const module = await loadModule(wasm);
    try {
      const { startWorker } = await import("./worker-host.js");
      return await startWorker(module, config, seed, sink, warn);
    } catch (cause) {
      warn(
        "worker-unavailable",
        `The client runs in the page: no worker (${cause}). A CSP must allow worker-src blob:.`,
      );
    }
  }
  const told: Told = { sink };
  const core = new (await loadPage(wasm))(config, seed, forward(told));
  return (...given) => {
    const [message, n = 0, text, m = -1, data, supersede] = given as Message;
    try {
      core.post(message, n, text, m, data, supersede);
      if (message === Post.Shutdown) told.sink = undefined;
    } catch (cause) {
      warn("core-died", `The core stopped: ${cause}`, "error");
    }
  };
}
