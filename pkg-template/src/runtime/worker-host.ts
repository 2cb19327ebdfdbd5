/** The page's end of a worker. A file of its own, because only clients with `worker: true` need it. */
import type { createHeartbeat as CreateHeartbeat, Heartbeat } from "./heartbeat.js";
import type { Start } from "./start.js";
import { Kind, Post } from "../wire/messages.js";
import type { Core, Sink } from "../wire/messages.js";

/** While the worker begins: some ten seconds. */
const LIMITS_AT_START = { questions: 15, late: 150 };
const LIMITS = { questions: 2, late: 150 };
/** How long after the shutdown a worker that did not end itself is ended, ms. */
const FAREWELL = 3000;

/** Starts a worker from a blob; rejects where it is refused or fails. */
export async function startWorker(
  module: WebAssembly.Module,
  { config, seed, sink, died }: Start,
  createHeartbeat: typeof CreateHeartbeat,
): Promise<Core> {
  const { default: script } = await import("./core-worker.js");
  const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  let worker: Worker | undefined;
  let heartbeat: Heartbeat | undefined;
  try {
    return await new Promise<Core>((resolve, reject) => {
      const thread = (worker = new Worker(url));
      const ask = () => thread.postMessage([Post.Ping]);
      let isOver = false;

      function leave(): void {
        isOver = true;
        heartbeat?.stop();
        thread.onmessage = thread.onerror = null;
      }
      /** With the worker its sockets close. */
      function die(why: string): void {
        if (isOver) return;
        leave();
        thread.terminate();
        died(`The worker stopped: ${why}`);
      }
      const core: Core = (...message) => {
        if (isOver) return;
        thread.postMessage(message);
        if (message[0] !== Post.Shutdown) return heartbeat?.posted(message[0], Number(message[1] ?? 0));
        leave();
        setTimeout(() => thread.terminate(), FAREWELL);
      };
      function begin(): void {
        heartbeat?.stop();
        heartbeat = createHeartbeat(ask, LIMITS, () => die("it does not answer."));
        thread.onerror = ({ message }) => die(message);
        resolve(core);
      }

      heartbeat = createHeartbeat(ask, LIMITS_AT_START, () => reject("it does not answer"));
      thread.onerror = ({ message }) => reject(message || "it was refused");
      thread.onmessage = ({ data }: MessageEvent<0 | string | Parameters<Sink>>) => {
        if (data === 0) begin();
        else if (typeof data === "string") reject(data);
        else if (data[0] === Kind.Alive) heartbeat?.answered();
        else sink(...data);
      };
      thread.postMessage([module, config, seed]);
      // It is expected to be ready.
      heartbeat.posted(Post.Connect, 0);
    });
  } catch (cause) {
    heartbeat?.stop();
    worker?.terminate();
    throw cause;
  } finally {
    URL.revokeObjectURL(url);
  }
}
