/** Starts the server and its worker, and stops both: `bun run.ts [--port N]`. */
import { join } from "node:path";
import type { Server } from "bun";
import { TemporaryFolder } from "../../server/temporary.mjs";
import { startServer } from "./server.ts";
import { readSettings, type Settings } from "./settings.ts";
import type { SocketData } from "./sockets.ts";
import { Store } from "./store.ts";

const WORKER = join(import.meta.dir, "worker.ts");

/** Keeps a worker running; what the last one was at is taken up by the next. */
class Workers {
  readonly #env: Record<string, string>;
  #process: Bun.Subprocess | undefined;
  #stopped = false;
  #ready = Promise.withResolvers<undefined>();

  constructor(server: Server<SocketData>, folder: string, token: string) {
    this.#env = {
      NOTIFY_URL: new URL("/notify", server.url).href,
      DATA_FOLDER: folder,
      NOTIFY_TOKEN: token,
    };
  }

  /** Resolves when one is ready, the first or, where it ended before, another. */
  start(): Promise<unknown> {
    const { promise, resolve } = this.#ready;
    this.#process = Bun.spawn([process.execPath, WORKER], {
      env: { ...process.env, ...this.#env },
      stdio: ["ignore", "inherit", "inherit"],
      ipc: () => resolve(undefined),
      onExit: (_process, code) => {
        if (this.#stopped) return;
        console.error(`The worker ended (exit code ${code}); starting another one.`);
        setTimeout(() => void this.start(), 500);
      },
    });
    return promise;
  }

  /** A worker that is just being started looks for work by itself. */
  wake(): void {
    if (this.#process?.exitCode === null) this.#process.send("work");
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#process?.kill();
    await this.#process?.exited;
  }
}

async function main(settings: Settings): Promise<void> {
  const temporary = settings.dataFolder === undefined ? new TemporaryFolder() : undefined;
  const folder = settings.dataFolder ?? temporary?.path ?? "";
  const store = new Store(folder);
  const server = startServer({ store, settings, onJob: () => workers.wake() });
  const workers = new Workers(server, folder, settings.notifyToken);

  async function stop(): Promise<void> {
    await Promise.all([server.stop(true), workers.stop()]);
    store.close();
    temporary?.close();
    process.exit(0);
  }
  process.once("SIGTERM", () => void stop());
  process.once("SIGINT", () => void stop());
  await workers.start();
  console.log(`ready http://${settings.host}:${server.port}`);
}

try {
  await main(readSettings(process.env, process.argv.slice(2)));
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  console.error(code === "EADDRINUSE" ? "The port is in use; choose another one, or 0 for any." : message);
  process.exit(1);
}
