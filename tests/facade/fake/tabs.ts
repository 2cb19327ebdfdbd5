/**
 * Tabs of one origin inside the process: locks and channels as browsers have them, and tabs that die or freeze. What is
 * called while a tab is in use belongs to it.
 */
import { webcrypto } from "node:crypto";
import { vi } from "vitest";

interface Request {
  tab: Tab;
  options: LockOptions;
  run: () => unknown;
  refuse: (cause: unknown) => void;
}

const abortError = () => new DOMException("The request was aborted or the lock stolen.", "AbortError");

export class Origin {
  readonly #held = new Map<string, Request>();
  readonly #queues = new Map<string, Request[]>();
  readonly channels = new Set<Channel>();
  /** All that was ever said over channels. */
  readonly said: unknown[] = [];

  tab(): Tab {
    return new Tab(this);
  }

  /** The locks that are held, as `navigator.locks.query()` tells of them. */
  locks(): LockInfo[] {
    return [...this.#held].map(([name, { tab }]) => ({ name, mode: "exclusive", clientId: tab.clientId }));
  }

  /** Who holds a lock, by the lock's name. */
  holder(name: RegExp): Tab | undefined {
    return [...this.#held].find(([held]) => name.test(held))?.[1].tab;
  }

  request(tab: Tab, name: string, options: LockOptions, callback: () => unknown): Promise<unknown> {
    return new Promise((resolve, refuse) => {
      const request: Request = {
        tab,
        options,
        refuse,
        run: () =>
          Promise.resolve(callback())
            .then(resolve, refuse)
            .then(() => this.#release(name, request)),
      };
      if (tab.isDead) return;
      const queue = this.#queues.get(name) ?? [];
      this.#queues.set(name, queue);
      options.signal?.addEventListener("abort", () => {
        const place = queue.indexOf(request);
        if (place < 0) return;
        queue.splice(place, 1);
        refuse(abortError());
      });
      if (options.steal) {
        queue.unshift(request);
        const robbed = this.#held.get(name);
        this.#held.delete(name);
        robbed?.tab.later(() => robbed.refuse(abortError()));
      } else queue.push(request);
      queueMicrotask(() => this.#grant(name));
    });
  }

  #grant(name: string): void {
    const [next] = this.#queues.get(name) ?? [];
    if (this.#held.has(name) || !next) return;
    this.#queues.get(name)?.shift();
    this.#held.set(name, next);
    next.tab.later(next.run);
  }

  #release(name: string, request: Request): void {
    if (this.#held.get(name) !== request) return;
    this.#held.delete(name);
    this.#grant(name);
  }

  /** The tab is gone without a word. */
  forget(tab: Tab): void {
    for (const channel of this.channels) if (channel.tab === tab) this.channels.delete(channel);
    for (const queue of this.#queues.values()) {
      queue.splice(0, queue.length, ...queue.filter((request) => request.tab !== tab));
    }
    for (const [name, request] of this.#held) if (request.tab === tab) this.#release(name, request);
  }
}

class Channel {
  onmessage: (event: { data: unknown }) => void = () => {};

  constructor(
    readonly tab: Tab,
    readonly origin: Origin,
    readonly name: string,
  ) {
    origin.channels.add(this);
  }

  postMessage(message: unknown): void {
    if (!this.origin.channels.has(this)) return;
    const data: unknown = structuredClone(message);
    this.origin.said.push(data);
    for (const other of this.origin.channels) {
      if (other === this || other.name !== this.name) continue;
      other.tab.later(
        () => this.origin.channels.has(other) && other.onmessage({ data: structuredClone(data) }),
      );
    }
  }

  close(): void {
    this.origin.channels.delete(this);
  }
}

export class Tab {
  #frozen: (() => void)[] | undefined;
  isDead = false;
  readonly clientId = webcrypto.randomUUID();

  constructor(readonly origin: Origin) {}

  /** From now on the page's globals are this tab's. */
  use(): void {
    const { origin } = this;
    vi.stubGlobal("isSecureContext", true);
    vi.stubGlobal("crypto", webcrypto);
    vi.stubGlobal("navigator", {
      locks: {
        request: (name: string, options: LockOptions, callback: () => unknown) =>
          origin.request(this, name, options, callback),
        query: async () => ({ held: origin.locks(), pending: [] }),
      },
    });
    const inUse = (name: string) => new Channel(this, origin, name);
    vi.stubGlobal("BroadcastChannel", function (name: string) {
      return inUse(name);
    });
  }

  /** A task of this tab. */
  later(task: () => unknown): void {
    if (this.isDead) return;
    if (this.#frozen) this.#frozen.push(() => task());
    else queueMicrotask(() => (this.#frozen || this.isDead ? this.later(task) : task()));
  }

  /** Nothing runs here, but locks are kept. */
  freeze(): void {
    this.#frozen ??= [];
  }

  thaw(): void {
    const waiting = this.#frozen ?? [];
    this.#frozen = undefined;
    for (const task of waiting) this.later(task);
  }

  /** A crash. */
  kill(): void {
    this.isDead = true;
    this.origin.forget(this);
  }
}
