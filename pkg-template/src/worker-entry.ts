/** The other end of a worker: messages in, calls of the sink out. */
import init, { JobsClient } from "./core.js";

const scope = self as unknown as {
  onmessage: (event: MessageEvent<[string, ...unknown[]]>) => void;
  postMessage: (message: unknown) => void;
  close: () => void;
};

/** Long enough for the sockets' closing handshakes. */
const GOODBYE = 1000;

let core: JobsClient | undefined;

async function start(module: WebAssembly.Module, config: string, seed: number): Promise<void> {
  try {
    await init({ module_or_path: module });
    core = new JobsClient(config, seed, (...call) => scope.postMessage(call));
    scope.postMessage(["ready"]);
  } catch (cause) {
    scope.postMessage(["failed", String(cause)]);
  }
}

scope.onmessage = ({ data: message }) => {
  const [name, ...args] = message;
  if (name === "init") {
    void start(...(args as [WebAssembly.Module, string, number]));
    return;
  }
  core?.post(JSON.stringify(message));
  if (name === "shutdown") setTimeout(() => scope.close(), GOODBYE);
};
