/** What wasm-bindgen writes, as far as the facade uses it; the built package has the whole. */
import type { Message, Sink } from "./messages.js";

export class JobsClient {
  constructor(config: string, seed: number, sink: Sink);
  post(message: Message[0], n: number, text: string | undefined, m: number, ...more: Message[4][]): void;
}

export default function init(input: { module_or_path: WebAssembly.Module }): Promise<unknown>;
