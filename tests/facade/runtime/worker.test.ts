import { beforeEach, describe, expect, it, vi } from "vitest";
import type { LogEntry } from "../../../pkg-template/src/index.js";
import { made, toBatch } from "../fake/core.js";
import { create, job, microtasks } from "../support.js";

const FOLLOW = 0;
const CONNECT = 4;
const SHUTDOWN = 6;
const SEND = 9;
const PING = 25;
const [BATCH, TOKEN, ALIVE, RESOURCE] = [1, 2, 6, 7];
const READY = 0;

/** A worker that answers as the test says; the real script is tested below. */
class FakeWorker {
  static made: FakeWorker[] = [];
  static onInit: (worker: FakeWorker) => void = (worker) => worker.say(READY);
  posted: unknown[][] = [];
  /** Whether it answers the question for that. */
  isAlive = true;
  terminated = false;
  onmessage: ((event: { data: unknown }) => void) | null = () => {};
  onerror: (event: { message: string }) => void = () => {};
  constructor(readonly url: string) {
    FakeWorker.made.push(this);
  }
  postMessage(message: unknown[]) {
    if (message[0] === PING) {
      if (this.isAlive) queueMicrotask(() => this.say([ALIVE, 0]));
      return;
    }
    this.posted.push(message);
    if (typeof message[0] !== "number") queueMicrotask(() => FakeWorker.onInit(this));
  }
  say(data: unknown) {
    this.onmessage?.({ data });
  }
  terminate() {
    this.terminated = true;
  }
}

describe("worker: true", () => {
  const revoked: string[] = [];
  let entries: LogEntry[];
  const open = async () => {
    const client = create({ worker: true, logger: (entry) => entries.push(entry) });
    await client.ready;
    return client;
  };

  beforeEach(() => {
    entries = [];
    FakeWorker.made = [];
    FakeWorker.onInit = (worker) => worker.say(READY);
    vi.stubGlobal("Worker", FakeWorker);
    vi.stubGlobal(
      "URL",
      Object.assign(class extends URL {}, {
        createObjectURL: () => "blob:the-script",
        revokeObjectURL: (url: string) => revoked.push(url),
      }),
    );
  });

  it("posts the compiled module and the messages, in order", async () => {
    const client = create({ worker: true });
    const seen: string[] = [];
    client.job("a").subscribe(({ status }) => seen.push(status));
    await client.ready;
    const [worker] = FakeWorker.made as [FakeWorker];
    expect(worker.url).toBe("blob:the-script");
    expect(revoked).toContain("blob:the-script");
    expect(worker.posted).toEqual([
      [expect.any(WebAssembly.Module), expect.stringContaining('"s://jobs.test"'), expect.any(Number)],
      [CONNECT, expect.any(Number)],
      [FOLLOW, 0, "a"],
    ]);
    worker.say([BATCH, 0, toBatch(["job", job("a", { status: "completed" })])]);
    expect(seen).toEqual(["unknown", "completed"]);
    client.close();
    expect(worker.posted.at(-1)).toEqual([SHUTDOWN]);
    expect(made).toHaveLength(0);
  });

  it.each<[string, () => void]>([
    [
      "is refused",
      () =>
        vi.stubGlobal("Worker", function () {
          throw new DOMException("blocked by the policy", "SecurityError");
        }),
    ],
    ["is blocked", () => (FakeWorker.onInit = (worker) => worker.onerror({ message: "" }))],
    ["fails", () => (FakeWorker.onInit = (worker) => worker.say("CompileError"))],
    ["does not exist", () => vi.stubGlobal("Worker", undefined)],
  ])("runs in the page where a worker %s, and says so", async (_name, arrange) => {
    arrange();
    const client = await open();
    expect(made).toHaveLength(1);
    expect(entries).toMatchObject([
      { level: "warn", code: "worker-unavailable", message: expect.stringContaining("worker-src blob:") },
    ]);
    for (const worker of FakeWorker.made) expect(worker.terminated).toBe(true);
    void client.connect();
    expect(made[0]?.heard("connect")).toHaveLength(1);
  });

  it("says that it has failed when the worker breaks later, and lets nobody wait", async () => {
    const client = await open();
    const waiting = client.connect();
    FakeWorker.made[0]?.onerror({ message: "unreachable" });
    expect(entries).toMatchObject([{ code: "core-died", message: "The worker stopped: unreachable" }]);
    expect(client.connection.current).toMatchObject({ state: "failed", error: { code: "wasm" } });
    await expect(waiting).rejects.toMatchObject({ code: "wasm" });
    expect(FakeWorker.made[0]?.terminated).toBe(true);
  });

  it("finds out that the worker ended by itself, ends what is left of it, and begins another", async () => {
    vi.useFakeTimers();
    const client = await open();
    const [worker] = FakeWorker.made as [FakeWorker];
    client.job("a").subscribe(() => {});
    worker.say([BATCH, 0, toBatch(["status", { state: "open" }])]);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(client.connection.current.state).toBe("open");
    worker.isAlive = false;
    const waiting = expect(client.job("a").done()).rejects.toMatchObject({ code: "wasm" });
    await vi.advanceTimersByTimeAsync(2000);
    expect(client.connection.current).toMatchObject({ state: "failed", error: { code: "wasm" } });
    await waiting;
    expect(worker.terminated).toBe(true);
    expect(entries).toMatchObject([
      { code: "core-died", message: "The worker stopped: it does not answer." },
    ]);
    worker.say([BATCH, 0, toBatch(["status", { state: "open" }])]);
    expect(client.connection.current.state).toBe("failed");
    void client.connect();
    await client.ready;
    expect(FakeWorker.made).toHaveLength(2);
    expect(FakeWorker.made[1]?.posted.slice(1)).toEqual([
      [FOLLOW, 0, "a"],
      [CONNECT, expect.any(Number)],
    ]);
  });

  it("does not take a worker for dead in a page that was frozen: a late timer has it asked once more", async () => {
    vi.useFakeTimers();
    const client = await open();
    const [worker] = FakeWorker.made as [FakeWorker];
    void client.connect();
    await vi.advanceTimersByTimeAsync(2000);
    const { now } = performance;
    let late = 0;
    vi.spyOn(performance, "now").mockImplementation(() => now.call(performance) + late);
    for (let round = 0; round < 10; round++) {
      // Its answer comes too late, as the timer does.
      worker.isAlive = false;
      await vi.advanceTimersByTimeAsync(649);
      late += 5000;
      await vi.advanceTimersByTimeAsync(1);
      worker.say([ALIVE, 0]);
      worker.isAlive = true;
    }
    expect(client.connection.current.state).toBe("idle");
    worker.isAlive = false;
    await vi.advanceTimersByTimeAsync(2000);
    expect(client.connection.current.state).toBe("failed");
  });

  it("has patience with a worker that is slow to begin, but not without an end", async () => {
    vi.useFakeTimers();
    FakeWorker.onInit = () => {};
    const client = create({ worker: true, logger: (entry) => entries.push(entry) });
    void client.ready;
    await vi.advanceTimersByTimeAsync(0);
    const [worker] = FakeWorker.made as [FakeWorker];
    await vi.advanceTimersByTimeAsync(60_000);
    expect(worker.terminated).toBe(false);
    worker.isAlive = false;
    await vi.advanceTimersByTimeAsync(5000);
    expect(worker.terminated).toBe(false);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(worker.terminated).toBe(true);
    await client.ready;
    expect(entries).toMatchObject([{ code: "worker-unavailable" }]);
    expect(made).toHaveLength(1);
  });

  it("ends a worker that does not end itself after close()", async () => {
    vi.useFakeTimers();
    const client = await open();
    client.close();
    expect(FakeWorker.made[0]?.terminated).toBe(false);
    await vi.advanceTimersByTimeAsync(3000);
    expect(FakeWorker.made[0]?.terminated).toBe(true);
  });
});

describe("the worker's script", () => {
  it("passes messages to the core and its calls back, and closes itself after the shutdown", async () => {
    vi.useFakeTimers();
    const posted: unknown[] = [];
    const scope = { postMessage: (message: unknown) => posted.push(message), close: vi.fn() } as unknown as {
      onmessage: (event: { data: unknown }) => void;
      close: () => void;
    };
    vi.stubGlobal("self", scope);
    await import("../../../pkg-template/src/runtime/worker-entry.js");
    scope.onmessage({ data: [{}, '["/path"]', 1] });
    await microtasks();
    expect(posted).toEqual([READY]);
    expect(made[0]?.config).toMatchObject({ path: "/path" });
    scope.onmessage({ data: [FOLLOW, 0, "a"] });
    scope.onmessage({ data: [SEND, 7, "x", 5, "{}", "k"] });
    scope.onmessage({ data: [SEND, 8, "y"] });
    made[0]?.sink("token", 1, true);
    // What cannot be posted stays.
    made[0]?.sink("resource", RESOURCE, () => {});
    scope.onmessage({ data: [PING] });
    await microtasks();
    scope.onmessage({ data: [SHUTDOWN] });
    expect(made[0]?.messages).toEqual([
      ["follow", "a"],
      ["send", 7, "x", "{}", "k", 5],
      ["send", 8, "y", undefined, undefined, -1],
      ["shutdown"],
    ]);
    expect(posted).toEqual([READY, [TOKEN, 1, true], [ALIVE, 0, undefined]]);
    expect(scope.close).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1000);
    expect(scope.close).toHaveBeenCalledTimes(1);
  });

  it("says why it cannot begin", async () => {
    const posted: unknown[] = [];
    const scope = { postMessage: (message: unknown) => posted.push(message) } as unknown as {
      onmessage: (event: { data: unknown }) => void;
    };
    vi.stubGlobal("self", scope);
    vi.resetModules();
    await import("../../../pkg-template/src/runtime/worker-entry.js");
    // Loaded anew, as the script is.
    const { control } = await import("../fake/core.js");
    control.failure = new Error("CompileError");
    scope.onmessage({ data: [{}, "[]", 1] });
    await microtasks();
    expect(posted).toEqual(["Error: CompileError"]);
  });
});
