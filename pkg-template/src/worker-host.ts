/** The page's end of a worker. A file of its own, because only clients with `worker: true` need it. */
import type { Warn } from "./host.js";
import type { Core, Sink } from "./messages.js";

/** Starts a worker from a blob; rejects where it is refused or fails. */
export async function startWorker(
  module: WebAssembly.Module,
  config: string,
  seed: number,
  sink: Sink,
  warn: Warn,
): Promise<Core> {
  const { default: script } = await import("./core-worker.js");
  const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  let worker: Worker | undefined;
  try {
    return await new Promise<Core>((resolve, reject) => {
      const thread = (worker = new Worker(url));
      let ready = false;
      thread.onerror = ({ message }) =>
        ready
          ? warn("core-died", `The worker stopped: ${message}`, "error")
          : reject(message || "it was refused");
      thread.onmessage = ({ data }: MessageEvent<0 | string | Parameters<Sink>>) => {
        if (typeof data === "object") sink(...data);
        else if (data) reject(data);
        else {
          ready = true;
          resolve((...message) => thread.postMessage(message));
        }
      };
      thread.postMessage([module, config, seed]);
    });
  } catch (cause) {
    worker?.terminate();
    throw cause;
  } finally {
    URL.revokeObjectURL(url);
  }
}
