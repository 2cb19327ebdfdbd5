/** What `wasm-bindgen --target web` makes of the crate, as far as the facade uses it. */
import type { Sink } from "./host.js";

export default function init(options: { module_or_path: WebAssembly.Module }): Promise<unknown>;

export class JobsClient {
  constructor(config: string, seed: number, sink: Sink);
  /** Takes one message of docs/core-messages.md: a JSON array of its name and its arguments. */
  post(message: string): void;
}
