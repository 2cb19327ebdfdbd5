/** The other end of a worker: messages in, calls of the sink out. */
import { startRequest } from "../../../src/web/http.js";
import load from "./core.js";
import type { JobsClient } from "./core.js";
import { Kind, Post } from "../wire/messages.js";
import type { Attachment, Message, Sink } from "../wire/messages.js";

/** The first message to the worker. */
type Start = [module: WebAssembly.Module, config: string, seed: number];

const scope = self as unknown as {
  onmessage: (event: MessageEvent<Message | Attachment | Start>) => void;
  postMessage: (message: unknown) => void;
  close: () => void;
};

/** Long enough for the sockets' closing handshakes. */
const GOODBYE = 1000;

let core: JobsClient | undefined;

/** What the core holds open ends with the worker: the page need not know of it. */
const tell: Sink = (...call) => {
  if (call[0] !== Kind.Resource) scope.postMessage(call);
};

async function start(module: WebAssembly.Module, config: string, seed: number): Promise<void> {
  try {
    core = new (await load(module))(config, seed, tell, { startRequest });
    scope.postMessage(0);
  } catch (cause) {
    scope.postMessage(String(cause));
  }
}

scope.onmessage = ({ data }) => {
  if (typeof data[0] !== "number") {
    void start(...(data as Start));
    return;
  }
  const [message, n = 0, text, m = -1, more, supersede] = data as Message;
  if (core) core.post(message, n, text, m, more, supersede);
  // As long as the wasm is on its way.
  else if (message === Post.Ping) scope.postMessage([Kind.Alive, 0]);
  if (message === Post.Shutdown) setTimeout(() => scope.close(), GOODBYE);
};
