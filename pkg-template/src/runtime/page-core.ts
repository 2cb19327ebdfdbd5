/**
 * A core inside the page, and its end: a wasm that trapped can neither say so nor close what it holds open. A file of its
 * own, because clients with `worker: true` do not need it.
 */
import { startRequest } from "../../../src/web/http.js";
import type { HttpExchange } from "../../../src/web/http.js";
import type { createHeartbeat as CreateHeartbeat } from "./heartbeat.js";
import type { Start } from "./start.js";
import type { Instance } from "./loader.js";
import { Kind, Post } from "../wire/messages.js";
import type { Core, Message, Sink } from "../wire/messages.js";

/** What the core holds open: it must be closed where the core can no longer do that. */
type Resource = WebSocket | HttpExchange;

/** Where the core's calls go. */
interface Exit {
  /** Nowhere, when all is over. */
  sink: Sink | undefined;
  answered: () => void;
  readonly resources: Set<Resource>;
  isDead: boolean;
}

const nothing = () => {};

/** It answers before any timer fires, in time or late. */
const LIMITS = { questions: 1, late: Infinity };

function end(resource: Resource): void {
  if ("abort" in resource) return resource.abort();
  // What it still says must not reach the dead core.
  resource.onopen = resource.onmessage = resource.onclose = resource.onerror = null;
  resource.close();
}

/**
 * What the core is given to call. It must not keep the client alive, as any function made inside of that would: a core
 * may keep it longer than it lives.
 */
const forwardTo =
  (exit: Exit): Sink =>
  (kind, n, value) => {
    const { sink, answered, resources, isDead } = exit;
    if (kind === Kind.Alive) answered();
    else if (kind !== Kind.Resource) sink?.(kind, n, value);
    else if (!n) resources.delete(value);
    else if (isDead) end(value);
    else resources.add(value);
  };

/** Starts a core in an instance. */
export function startInPage(
  instance: Instance,
  { config, seed, sink, died }: Start,
  createHeartbeat: typeof CreateHeartbeat,
): Core {
  const exit: Exit = { sink, answered: nothing, resources: new Set(), isDead: false };
  let isOver = false;
  const core = construct();

  function construct() {
    try {
      return new instance.JobsClient(config, seed, forwardTo(exit), { startRequest });
    } catch (cause) {
      // The next attempt begins with empty memory.
      instance.forget();
      throw cause;
    }
  }

  /** Posts without looking at what comes of it. */
  const post = ([message, n = 0, text, m = -1, data, supersede]: Message) =>
    core.post(message, n, text, m, data, supersede);

  const heartbeat = createHeartbeat(
    () => attempt([Post.Ping]),
    LIMITS,
    () => die("it does not answer."),
  );
  exit.answered = () => heartbeat.answered();

  function leave(): void {
    heartbeat.stop();
    exit.sink = undefined;
    exit.answered = nothing;
    isOver = true;
  }

  /** Nothing is delivered afterwards, and nothing stays open. */
  function die(why: string): void {
    if (isOver) return;
    leave();
    instance.forget();
    exit.isDead = true;
    for (const resource of exit.resources) end(resource);
    exit.resources.clear();
    try {
      // One that failed in a call from here may still work, and begin anew by itself.
      post([Post.Shutdown]);
    } catch {
      // It does not.
    }
    died(`The core stopped: ${why}`);
  }

  function attempt(message: Message): void {
    try {
      post(message);
    } catch (cause) {
      die(String(cause));
    }
  }

  return (...given) => {
    const message = given as Message;
    if (isOver) return;
    attempt(message);
    if (message[0] === Post.Shutdown) {
      leave();
      // Nothing of it runs now: the core calls nobody before a microtask.
      if (!exit.isDead) core.free();
    } else heartbeat.posted(message[0], message[1] ?? 0);
  };
}
