import { beforeEach, describe, expect, it, vi } from "vitest";
import type { LogEntry } from "../../pkg-template/src/index.js";
import { made } from "./fake/core.js";
import { create, job, microtasks } from "./support.js";

/** A worker that answers as the test says; the real script is tested below. */
class FakeWorker {
  static made: FakeWorker[] = [];
  static onInit: (worker: FakeWorker) => void = (worker) => worker.say("ready");
  posted: unknown[][] = [];
  terminated = false;
  onmessage: (event: { data: unknown[] }) => void = () => {};
  onerror: (event: { message: string }) => void = () => {};
  constructor(readonly url: string) {
    FakeWorker.made.push(this);
  }
  postMessage(message: unknown[]) {
    this.posted.push(message);
    if (message[0] === "init") queueMicrotask(() => FakeWorker.onInit(this));
  }
  say(...data: unknown[]) {
    this.onmessage({ data });
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
    FakeWorker.onInit = (worker) => worker.say("ready");
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
      [
        "init",
        expect.any(WebAssembly.Module),
        expect.stringContaining('"protocol":"stream"'),
        expect.any(Number),
      ],
      ["connect", expect.any(Number)],
      ["follow", "a"],
    ]);
    worker.say("batch", JSON.stringify([["job", job("a", { status: "completed" })]]));
    expect(seen).toEqual(["unknown", "completed"]);
    client.close();
    expect(worker.posted.at(-1)).toEqual(["shutdown"]);
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
    ["fails", () => (FakeWorker.onInit = (worker) => worker.say("failed", "CompileError"))],
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
  });
});

describe("the worker's script", () => {
  it("passes messages to the core and its calls back, and closes itself after the shutdown", async () => {
    vi.useFakeTimers();
    const posted: unknown[] = [];
    const scope = { postMessage: (message: unknown) => posted.push(message), close: vi.fn() } as unknown as {
      onmessage: (event: { data: unknown[] }) => void;
      close: () => void;
    };
    vi.stubGlobal("self", scope);
    await import("../../pkg-template/src/worker-entry.js");
    scope.onmessage({ data: ["init", {}, '{"protocol":"stream"}', 1] });
    await microtasks();
    expect(posted).toEqual([["ready"]]);
    scope.onmessage({ data: ["follow", "a"] });
    made[0]?.sink("token", 1, "connect");
    scope.onmessage({ data: ["shutdown"] });
    expect(made[0]?.messages).toEqual([["follow", "a"], ["shutdown"]]);
    expect(posted).toEqual([["ready"], ["token", 1, "connect"]]);
    expect(scope.close).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1000);
    expect(scope.close).toHaveBeenCalledTimes(1);
  });
});
