/** What the tests share: the back-end as a process, and sockets whose messages can be awaited. */
import { afterAll } from "bun:test";
import { join } from "node:path";

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into messages of many shapes
type Loose = any;

/** Of the worker. */
export const NOTIFY_TOKEN = "the-workers-own";

const RUN = join(import.meta.dir, "run.ts");

/** The first line of it that matches, or what it said instead. */
async function lineOf(output: ReadableStream<Uint8Array>, pattern: RegExp): Promise<string> {
  let said = "";
  for await (const part of output.pipeThrough(new TextDecoderStream())) {
    said += part;
    const found = pattern.exec(said);
    if (found) return found[1] ?? "";
  }
  throw new Error(`The back-end ended:\n${said}`);
}

export class Backend {
  url = "";
  readonly #env: Record<string, string>;
  #process: Bun.Subprocess<"ignore", "pipe", "inherit"> | undefined;

  constructor(env: Record<string, string>) {
    this.#env = env;
    afterAll(() => this.stop());
  }

  async start(): Promise<this> {
    this.#process = Bun.spawn([process.execPath, RUN], {
      env: {
        ...process.env,
        JOBWIRE_CONTROL: "1",
        NOTIFY_TOKEN,
        PORT: this.url === "" ? "0" : new URL(this.url).port,
        ...this.#env,
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.url = await lineOf(this.#process.stdout, /^ready (http\S+)\n/m);
    return this;
  }

  /** @returns its exit code */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | undefined> {
    this.#process?.kill(signal);
    return this.#process?.exited;
  }

  async call(path: string, init?: RequestInit): Promise<{ status: number; body: Loose }> {
    const response = await fetch(this.url + path, init);
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.startsWith("application/json");
    return { status: response.status, body: isJson ? JSON.parse(text) : text };
  }

  post(path: string, body: unknown): Promise<{ status: number; body: Loose }> {
    return this.call(path, { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body) });
  }

  /** Posts a notice, as the worker does. */
  notify(notice: unknown, token = NOTIFY_TOKEN): Promise<{ status: number; body: Loose }> {
    const body = typeof notice === "string" ? notice : JSON.stringify(notice);
    return this.call("/notify", { method: "POST", body, headers: { Authorization: `Bearer ${token}` } });
  }

  send(recordings: readonly (Uint8Array | string)[], query = "") {
    const form = new FormData();
    for (const [index, bytes] of recordings.entries()) {
      form.append("tracks", new Blob([bytes as Uint8Array<ArrayBuffer>]), `track-${index}.wav`);
    }
    return this.call(`/jobs${query}`, { method: "POST", body: form });
  }

  async watch(path = "/", headers: Record<string, string> = {}): Promise<Watcher> {
    const watcher = new Watcher(this.url.replace("http", "ws") + path, headers);
    await watcher.opened;
    return watcher;
  }
}

export class Watcher {
  readonly frames: string[] = [];
  readonly opened: Promise<void>;
  readonly closed: Promise<number>;
  readonly #socket: WebSocket;

  constructor(url: string, headers: Record<string, string>) {
    this.#socket = new WebSocket(url, { headers });
    this.#socket.addEventListener("message", ({ data }) => void this.frames.push(String(data)));
    this.opened = new Promise((resolve, reject) => {
      this.#socket.addEventListener("open", () => resolve());
      this.#socket.addEventListener("error", () => reject(new Error(`No connection to ${url}`)));
    });
    this.closed = new Promise((resolve) => {
      this.#socket.addEventListener("close", ({ code }) => resolve(code));
    });
    afterAll(() => this.#socket.close());
  }

  /** The data of the messages about a job. */
  about(jobId: number | string): Loose[] {
    return this.frames.map((frame) => JSON.parse(frame).data).filter((data) => data?.jobId === jobId);
  }

  send(message: unknown): void {
    this.#socket.send(JSON.stringify(message));
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise((resolve) => this.#socket.addEventListener("message", resolve, { once: true }));
    }
  }

  /** All that was told of a job, when it has ended. */
  async end(jobId: number): Promise<Loose[]> {
    const ended = (data: Loose) => data.trackId === undefined && /completed|failed/.test(data.status);
    await this.until(() => this.about(jobId).some(ended));
    return this.about(jobId);
  }
}
