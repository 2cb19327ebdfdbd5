/** What `wasm-bindgen --target web` makes of the crate, as far as the facade uses it. */
import type { Sink } from "./host.js";

export default function init(options: { module_or_path: WebAssembly.Module }): Promise<unknown>;

/** The messages of docs/core-messages.md, each a method. */
export class JobsClient {
  constructor(config: string, seed: number, sink: Sink);
  [message: string]: (...args: unknown[]) => void;
}
