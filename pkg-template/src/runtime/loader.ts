/**
 * Brings the wasm in, on first use and once a page. Nothing happens at import time and there is no top-level await:
 * either breaks in some bundler's default app.
 */
import type Glue from "./core.js";
import { JobsError } from "../errors.js";
import { textOf } from "../store/report.js";
import type { JobsClientOptions } from "../types.js";

/** What the wasm of this package says of itself in the section `jobwire`. */
declare const JOBWIRE_VERSION: string;
declare const JOBWIRE_BUILD: string;

type WasmSource = JobsClientOptions["wasm"];

export const wasmError = (cause: unknown) =>
  cause instanceof JobsError
    ? cause
    : new JobsError(
        "wasm",
        `The WebAssembly core did not load: ${textOf(cause)}`,
        "Allow 'wasm-unsafe-eval' in the CSP's script-src, serve the package's files or give `wasm`; call connect().",
        true,
        cause,
      );

/** A wasm instance, which clients of one page share. */
export interface Instance {
  readonly JobsClient: Awaited<ReturnType<typeof Glue>>;
  /** A core in it died, and its memory may be exhausted: the next core gets another instance. */
  forget(): void;
}

/** Remembers a success for the whole page; a failure is forgotten, so that the next call tries again. */
function once<A, T>(make: (argument: A, forget: () => void) => Promise<T>): (argument: A) => Promise<T> {
  let made: Promise<T> | undefined;
  return (argument) => {
    if (made) return made;
    const forget = () => {
      if (made === mine) made = undefined;
    };
    const mine: Promise<T> = (made = make(argument, forget).catch((cause) => {
      forget();
      throw wasmError(cause);
    }));
    return mine;
  };
}

async function compileResponse(response: Response): Promise<WebAssembly.Module> {
  if (!response.ok) throw new Error(`HTTP ${response.status} for ${response.url || "the wasm"}`);
  // Streaming refuses any other type, and servers that do not know .wasm are common.
  return response.headers.get("content-type")?.startsWith("application/wasm")
    ? WebAssembly.compileStreaming(response)
    : WebAssembly.compile(await response.arrayBuffer());
}

async function compile(source: WasmSource, inline: () => Promise<{ default: string }>) {
  if (!source) {
    const [{ default: base64 }, { compileInline }] = await Promise.all([inline(), import("./inline.js")]);
    return compileInline(base64);
  }
  if (source instanceof WebAssembly.Module) return source;
  if (typeof source === "string" || source instanceof URL) return compileResponse(await fetch(source));
  if (!(source instanceof Response)) return WebAssembly.compile(source);
  if (source.bodyUsed) {
    const remedy = "Give a Response whose body nobody has read, or its URL.";
    throw new JobsError("wasm", "The Response given as `wasm` was read before.", remedy);
  }
  // What is given stays unread: after a failure it can be tried again.
  return compileResponse(source.clone());
}

const sectionOf = (module: WebAssembly.Module, name: string) =>
  WebAssembly.Module.customSections(module, name)[0];

/** What a wasm says of itself; a package before this one has none that does. */
function describe(module: WebAssembly.Module): string {
  const section = sectionOf(module, "jobwire");
  if (!section) return "an older version";
  try {
    const { version, hash } = JSON.parse(new TextDecoder().decode(section)) as Record<string, unknown>;
    return `version ${version} (build ${hash})`;
  } catch {
    return "an unknown version";
  }
}

/** Refuses the wasm of another protocol, and that of another build: facade and core fit by number and place. */
function check(module: WebAssembly.Module, protocol: string): WebAssembly.Module {
  if (!sectionOf(module, protocol)) throw new Error(`the wasm is not that of "${protocol}".`);
  const [found, own] = [describe(module), `version ${JOBWIRE_VERSION} (build ${JOBWIRE_BUILD})`];
  if (found === own) return module;
  throw new JobsError(
    "wasm",
    `The wasm is that of ${found} of jobwire, the package is ${own}.`,
    "Serve the .wasm file of the package's version, and have caches ask for it anew; reload the page without its cache.",
    true,
  );
}

function createLoader(protocol: string, inline: () => Promise<{ default: string }>) {
  /** The compiled core. Clients of one page and protocol share the first one's source. */
  const loadModule = once(async (source: WasmSource) => check(await compile(source, inline), protocol));
  /** An instance of it with its glue, inside the page. */
  const loadPage = once(async (source: WasmSource, forget): Promise<Instance> => {
    const [glue, module] = await Promise.all([import("./core.js"), loadModule(source)]);
    return { JobsClient: await glue.default(module), forget };
  });
  return { loadModule, loadPage };
}

/** Each protocol has a core of its own. */
export const loaders = {
  stream: createLoader("stream", () => import("./core-wasm.js")),
  broadcast: createLoader("broadcast", () => import("./core-broadcast-wasm.js")),
  "socket.io": createLoader("socket.io", () => import("./core-socketio-wasm.js")),
};
