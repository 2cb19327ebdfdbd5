/** The glue: scripts/lib/glue.js, and in it what wasm-bindgen writes. */
import type { startRequest } from "../../../src/web/http.js";
import type { Message, Sink } from "../wire/messages.js";

/** The page's or the worker's HTTP. */
export interface Http {
  startRequest: typeof startRequest;
}

export interface JobsClient {
  /** An attachment is a message, too: its number and the bytes. */
  post(message: Message[0], n: number, text: string | undefined, m: number, ...more: Message[4][]): void;
  /** Lets go of the core, once, after which nothing is posted. What it has said still goes. */
  free(): void;
}

/** Each call makes a wasm of its own. */
export default function load(
  module: WebAssembly.Module,
): Promise<new (config: string, seed: number, sink: Sink, http: Http) => JobsClient>;
