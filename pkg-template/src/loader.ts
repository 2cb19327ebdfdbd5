/**
 * Brings the wasm in, on first use and once a page. Nothing happens at import time and there is no top-level await:
 * either breaks in some bundler's default app.
 */
import { JobsError } from "./errors.js";
import { unpack } from "./lzma.js";
import { textOf } from "./report.js";
import type { JobsClientOptions } from "./types.js";

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

/** Remembers a success for the whole page; a failure is forgotten, so that the next call tries again. */
function once<A, T>(make: (argument: A) => Promise<T>): (argument: A) => Promise<T> {
  let made: Promise<T> | undefined;
  return (argument) =>
    (made ??= make(argument).catch((cause) => {
      made = undefined;
      throw wasmError(cause);
    }));
}

async function compileResponse(response: Response): Promise<WebAssembly.Module> {
  if (!response.ok) throw new Error(`HTTP ${response.status} for ${response.url || "the wasm"}`);
  // Streaming refuses any other type, and servers that do not know .wasm are common.
  return response.headers.get("content-type")?.startsWith("application/wasm")
    ? WebAssembly.compileStreaming(response)
    : WebAssembly.compile(await response.arrayBuffer());
}

const bytesOf = (text: string) => unpack(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)));

async function compile(source: WasmSource, packed: () => Promise<{ default: string }>) {
  if (!source) return WebAssembly.compile(bytesOf((await packed()).default));
  if (source instanceof WebAssembly.Module) return source;
  if (source instanceof URL) return compileResponse(await fetch(source));
  return source instanceof Response ? compileResponse(source) : WebAssembly.compile(source);
}

/** The wasm has a section of its protocol's name. */
function createLoader(protocol: string, packed: () => Promise<{ default: string }>) {
  /** The compiled core. Clients of one page and protocol share the first one's source. */
  const loadModule = once(async (source: WasmSource): Promise<WebAssembly.Module> => {
    const module = await compile(source, packed);
    if (WebAssembly.Module.customSections(module, protocol).length) return module;
    throw new Error(`the wasm is not that of "${protocol}".`);
  });
  /** The glue, with the core inside the page. */
  const loadPage = once(async (source: WasmSource) => {
    const [glue, module] = await Promise.all([import("./core.js"), loadModule(source)]);
    return glue.default(module);
  });
  return { loadModule, loadPage };
}

/** Each protocol has a core of its own. */
export const loaders = {
  stream: createLoader("stream", () => import("./core-wasm.js")),
  broadcast: createLoader("broadcast", () => import("./core-broadcast-wasm.js")),
  "socket.io": createLoader("socket.io", () => import("./core-socketio-wasm.js")),
};
