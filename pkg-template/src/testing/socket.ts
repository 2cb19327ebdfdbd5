/** Sockets and HTTP of one address, played inside the process; everything else goes where it always went. */

type Data = string | ArrayBuffer;

/** The client's end, as the server sees it. */
export interface Peer {
  send(data: Data): void;
  end(code: number, reason?: string, wasClean?: boolean): void;
}

/** What a server does with one socket. */
export interface Session {
  opened(): void;
  message(data: unknown): void;
  closed(): void;
}

export interface Host {
  name: string;
  /** Nothing: the socket is refused. */
  accept(url: URL, peer: Peer): Session | undefined;
  /** What it throws is a network that is down. */
  respond(url: URL, method: string, headers: Headers): Response;
}

/** What was put into the globals, each over what was there before. */
const layers: { isOver: boolean; restore(): void }[] = [];

/** Puts a host into the globals; the undo takes it out again, in whatever order. */
export function install({ name, accept, respond }: Host): () => void {
  class TestSocket extends EventTarget {
    static readonly CONNECTING = 0;
    static readonly OPEN = 1;
    static readonly CLOSING = 2;
    static readonly CLOSED = 3;
    readonly url: string;
    readonly protocol: string;
    readonly extensions = "";
    readonly bufferedAmount = 0;
    binaryType = "blob";
    readyState = 0;
    onopen: ((event: Event) => void) | null = null;
    onmessage: ((event: Event) => void) | null = null;
    onerror: ((event: Event) => void) | null = null;
    onclose: ((event: Event) => void) | null = null;
    #session: Session | undefined;

    constructor(address: string | URL, protocols: string | string[] = []) {
      super();
      const url = new URL(address);
      this.url = url.href;
      this.protocol = [protocols].flat()[0] ?? "";
      queueMicrotask(() => this.#begin(url));
    }

    /** Heard as it is now, but behind the code that sends it, as over a network; what was sent before close() too. */
    send(data: unknown): void {
      const sent = structuredClone(data);
      queueMicrotask(() => {
        if (this.readyState < 3) this.#session?.message(sent);
      });
    }

    close(code = 1000, reason = ""): void {
      if (this.readyState > 1) return;
      this.readyState = 2;
      queueMicrotask(() => this.#end(code, reason, true));
    }

    #begin(url: URL): void {
      if (this.readyState) return;
      this.#session = accept(url, {
        send: (data) => this.#emit("message", { data }),
        end: (code, reason = "", wasClean = true) => this.#end(code, reason, wasClean),
      });
      if (!this.#session) {
        this.#emit("error");
        this.#end(1006, "", false);
        return;
      }
      this.readyState = 1;
      this.#emit("open");
      this.#session.opened();
    }

    #end(code: number, reason: string, wasClean: boolean): void {
      if (this.readyState === 3) return;
      this.readyState = 3;
      this.#session?.closed();
      this.#emit("close", { code, reason, wasClean });
    }

    #emit(type: "open" | "message" | "error" | "close", more: object = {}): void {
      if (type === "message" && this.readyState !== 1) return;
      const event = type === "message" ? new MessageEvent(type, more) : Object.assign(new Event(type), more);
      this[`on${type}`]?.(event);
      this.dispatchEvent(event);
    }
  }

  const { WebSocket, fetch } = globalThis;
  const isOurs = (address: unknown) => {
    if (layer.isOver) return false;
    const text = address instanceof Request ? address.url : String(address);
    return /^[a-z]+:\/\/([^/]+)/.exec(text)?.[1] === name;
  };

  const WebSocketHere = new Proxy(WebSocket ?? TestSocket, {
    construct: (target, args: [string, string[]?], newTarget) =>
      isOurs(args[0]) ? new TestSocket(...args) : (Reflect.construct(target, args, newTarget) as object),
  });
  const fetchHere = async (input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> => {
    if (!isOurs(input)) return fetch(input, init);
    const request = input instanceof Request ? input : undefined;
    const signal = init.signal ?? request?.signal;
    await Promise.resolve();
    signal?.throwIfAborted();
    const method = (init.method ?? request?.method ?? "GET").toUpperCase();
    return respond(
      new URL(request?.url ?? String(input)),
      method,
      new Headers(init.headers ?? request?.headers),
    );
  };
  Object.assign(globalThis, { WebSocket: WebSocketHere, fetch: fetchHere });

  const layer = {
    isOver: false,
    restore() {
      if ((globalThis.WebSocket as unknown) === WebSocketHere) globalThis.WebSocket = WebSocket;
      if (globalThis.fetch === fetchHere) globalThis.fetch = fetch;
    },
  };
  layers.push(layer);
  return () => {
    layer.isOver = true;
    // One below another that goes on stays until that has gone, and lets everything through.
    while (layers.at(-1)?.isOver) layers.pop()?.restore();
  };
}
