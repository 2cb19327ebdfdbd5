/** A core that records what it is told and says what the test wants. */
import type { Sink } from "../../../pkg-template/src/host.js";

export type Message = [message: string, ...args: unknown[]];

export class FakeCore {
  readonly messages: Message[] = [];
  readonly config: Record<string, unknown>;
  readonly sink: (kind: string, a?: unknown, b?: unknown) => void;
  #waiting: unknown[] = [];

  constructor(config: string, sink: Sink) {
    this.config = JSON.parse(config) as Record<string, unknown>;
    this.sink = sink as FakeCore["sink"];
  }

  hear(message: Message): void {
    this.messages.push(message);
    if (message[0] !== "take" || !this.#waiting.length) return;
    const records = this.#waiting.splice(0);
    queueMicrotask(() => this.urgent(...records));
  }

  /** Messages of these names, in order. */
  heard(...names: string[]): Message[] {
    return this.messages.filter(([name]) => names.includes(name));
  }

  /** Records that wait for the next frame. */
  push(...records: unknown[]): void {
    if (!this.#waiting.length) queueMicrotask(() => this.sink("dirty"));
    this.#waiting.push(...records);
  }

  /** Records that may not wait. */
  urgent(...records: unknown[]): void {
    this.sink("batch", JSON.stringify(records));
  }

  /** Answers the last message of this name. */
  reply(name: string, ok: boolean, value: unknown = null): void {
    const last = this.heard(name).at(-1);
    if (!last) throw new Error(`no message ${name}`);
    this.urgent(["reply", last[1], ok, value]);
  }
}

export const made: FakeCore[] = [];
export const control: { failure: Error | undefined } = { failure: undefined };

export default async function init(): Promise<void> {
  if (control.failure) throw control.failure;
}

export class JobsClient {
  readonly #core: FakeCore;

  constructor(config: string, _seed: number, sink: Sink) {
    made.push((this.#core = new FakeCore(config, sink)));
  }

  post(message: string): void {
    this.#core.hear(JSON.parse(message) as Message);
  }
}
