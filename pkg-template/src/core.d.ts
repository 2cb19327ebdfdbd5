/** The glue: scripts/lib/glue.js, and in it what wasm-bindgen writes. */
import type { Message, Sink } from "./messages.js";

export class JobsClient {
  constructor(config: string, seed: number, sink: Sink);
  attach(bytes: ArrayBuffer): void;
  post(message: Message[0], n: number, text: string | undefined, m: number, ...more: Message[4][]): void;
}

export default function init(module: WebAssembly.Module): Promise<void>;
