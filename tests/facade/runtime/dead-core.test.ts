import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { JobsError } from "../../../pkg-template/src/index.js";
import type { Job, LogEntry } from "../../../pkg-template/src/index.js";
import { control, made } from "../fake/core.js";
import { Origin } from "../fake/tabs.js";
import { create, job, meta, microtasks, newest, open } from "../support.js";

/** The longest time until a dead core is found out, in a visible page. */
const HEARTBEAT = 2000;

/** What a core holds open. */
class FakeSocket {
  onopen: (() => void) | null = () => {};
  onmessage: (() => void) | null = () => {};
  onclose: (() => void) | null = () => {};
  onerror: (() => void) | null = () => {};
  isClosed = false;
  close() {
    this.isClosed = true;
  }
}

const isVisible = (visible: boolean) => {
  vi.spyOn(document, "visibilityState", "get").mockReturnValue(visible ? "visible" : "hidden");
  document.dispatchEvent(new Event("visibilitychange"));
};

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.restoreAllMocks());

describe("a core that traps in a handler or a timer", () => {
  it("is failed within a heartbeat, and lets nobody wait", async () => {
    const entries: LogEntry[] = [];
    const { client, core } = await open({ logger: (entry) => entries.push(entry) });
    const states: string[] = [];
    client.connection.subscribe(({ state }) => states.push(state));
    core.urgent(["status", { state: "open", everConnected: true }]);
    core.trapped = true;
    const waiting = [
      client.connect(),
      client.job("a").done(),
      client.job("a").refresh(),
      client.inspect(),
      client.audit(),
      client.send("x"),
    ];
    const outcomes = Promise.allSettled(waiting);
    await vi.advanceTimersByTimeAsync(HEARTBEAT);
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: "wasm", retryable: true } });
    }
    expect(states).toEqual(["idle", "open", "failed"]);
    const { error, everConnected } = client.connection.current;
    expect(error).toBeInstanceOf(JobsError);
    expect(error).toMatchObject({ code: "wasm", remedy: expect.stringContaining("connect()") });
    expect(everConnected).toBe(true);
    expect(entries).toMatchObject([{ level: "error", code: "core-died" }]);
  });

  it("is found out where only something is followed, and nothing was answered yet", async () => {
    const { client, core } = await open();
    core.trapped = true;
    client.job("a").subscribe(() => {});
    await vi.advanceTimersByTimeAsync(HEARTBEAT);
    expect(client.connection.current.state).toBe("failed");
  });

  it("is not asked where nothing is expected of it", async () => {
    const { client, core } = await open();
    client.disconnect();
    await vi.advanceTimersByTimeAsync(10 * HEARTBEAT);
    const { pings } = core;
    await vi.advanceTimersByTimeAsync(100 * HEARTBEAT);
    expect(core.pings).toBe(pings);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is asked neither before nor after its time", async () => {
    const { client, core } = await open();
    void client.connect();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(core.pings).toBeGreaterThan(30);
    expect(core.pings).toBeLessThan(120);
    expect(client.connection.current.state).toBe("idle");
    client.close();
    const { pings } = core;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(core.pings).toBe(pings);
  });

  it("has its sockets and reads closed, also those that it opens afterwards, and delivers nothing", async () => {
    const { client, core } = await open();
    const heard = vi.fn();
    client.onAny(heard);
    const [socket, closed, late, read, over] = [
      new FakeSocket(),
      new FakeSocket(),
      new FakeSocket(),
      new AbortController(),
      new AbortController(),
    ];
    for (const resource of [socket, closed, read, over]) core.sink("resource", 1, resource);
    for (const resource of [closed, over]) core.sink("resource", 0, resource);
    core.trapped = true;
    await vi.advanceTimersByTimeAsync(HEARTBEAT);
    expect(socket).toMatchObject({ isClosed: true, onopen: null, onmessage: null, onclose: null });
    expect(read.signal.aborted).toBe(true);
    expect(closed.isClosed || over.signal.aborted).toBe(false);
    core.sink("resource", 1, late);
    expect(late.isClosed).toBe(true);
    core.urgent(["event", "progress", {}, meta()], ["status", { state: "open" }]);
    expect(heard).not.toHaveBeenCalled();
    expect(client.connection.current.state).toBe("failed");
  });
});

describe("no deadline misfires", () => {
  it("where a test moves the clock at once", async () => {
    const { client, core } = await open();
    void client.connect();
    await microtasks();
    vi.advanceTimersByTime(60_000);
    await microtasks();
    expect(client.connection.current.state).toBe("idle");
    core.trapped = true;
    vi.advanceTimersByTime(HEARTBEAT);
    await microtasks();
    expect(client.connection.current.state).toBe("failed");
  });

  it("in a hidden page, whose core is asked when it is seen again", async () => {
    const { client, core } = await open();
    core.urgent(["status", { state: "open" }]);
    void client.connect();
    isVisible(false);
    core.trapped = true;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(client.connection.current.state).toBe("open");
    isVisible(true);
    await vi.advanceTimersByTimeAsync(HEARTBEAT);
    expect(client.connection.current.state).toBe("failed");
  });

  it("in the back/forward cache", async () => {
    const { client, core } = await open();
    void client.connect();
    window.dispatchEvent(new Event("pagehide"));
    const { pings } = core;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(core.pings).toBe(pings);
    window.dispatchEvent(new Event("pageshow"));
    await vi.advanceTimersByTimeAsync(HEARTBEAT);
    expect(core.pings).toBeGreaterThan(pings);
  });
});

/** Has the core of a client die. */
async function kill() {
  newest().trapped = true;
  await vi.advanceTimersByTimeAsync(HEARTBEAT);
}

describe("the next core", () => {
  it("is asked for everything that is wanted, once connect() is called", async () => {
    const { client, core } = await open();
    const undo = client.on("completed", () => {});
    client.on("progress", () => {});
    client.on("progress", () => {});
    client.onAny(() => {});
    client.job("a").subscribe(() => {});
    const stop = client.job("b").subscribe(() => {});
    client.jobs({ ids: ["c"] }).subscribe(() => {});
    void client.events()[Symbol.asyncIterator]();
    void client.send("gone", {});
    undo();
    stop();
    core.urgent(["status", { state: "open" }]);
    await kill();
    expect(made).toHaveLength(1);
    void client.connect();
    await client.ready;
    expect(made).toHaveLength(2);
    expect(newest()).not.toBe(core);
    const { messages } = newest();
    expect(newest().heard("listen")).toEqual([
      ["listen", "progress", 2],
      ["listen", "*", 2],
    ]);
    expect(newest().heard("follow", "unfollow").sort()).toEqual([
      ["follow", "a"],
      ["follow", "c"],
    ]);
    expect(newest().heard("watchAll")).toEqual([["watchAll", 1]]);
    expect(newest().heard("send")).toEqual([]);
    expect(messages.at(-1)?.[0]).toBe("connect");
    expect(newest().heard("connect")).toHaveLength(1);
  });

  it("is asked for channels and their listeners, and for entities", async () => {
    const sio = await open({ protocol: "socket.io", namespace: "/jobs" });
    const channel = sio.client.channel("/a");
    sio.client.channel("/gone").close();
    channel.on("progress", () => {});
    await kill();
    expect(channel.connection.current).toMatchObject({ state: "failed", error: { code: "wasm" } });
    void sio.client.connect();
    await sio.client.ready;
    expect(newest().heard("channel", "listen")).toEqual([
      ["channel", "/a", 1],
      ["listen", "/a,progress", 1],
    ]);
    newest().urgent(["channel status", "/a", { state: "open" }]);
    expect(channel.connection.current.state).toBe("open");

    const broadcast = await open({ protocol: "broadcast" });
    broadcast.client.entities("tracks").subscribe(() => {});
    await kill();
    void broadcast.client.connect();
    await broadcast.client.ready;
    expect(newest().heard("watchEntities")).toEqual([["watchEntities", "track", 1]]);
  });

  it("is built by the next call that wants something, too", async () => {
    const { client } = await open();
    client.job("a").subscribe(() => {});
    await kill();
    client.job("b").subscribe(() => {});
    await client.ready;
    expect(newest().messages.map(([name, id]) => (name === "follow" ? id : name))).toEqual([
      "a",
      "connect",
      "b",
    ]);
  });

  it("can be asked for while the failure is told", async () => {
    const { client } = await open();
    let connected: Promise<void> | undefined;
    client.connection.subscribe(({ state }) => {
      if (state === "failed") connected ??= client.connect();
    });
    client.job("a").subscribe(() => {});
    await kill();
    await client.ready;
    newest().reply("connect", true);
    await connected;
    expect(made).toHaveLength(2);
    expect(newest().heard("follow")).toEqual([["follow", "a"]]);
  });

  it("may die, too", async () => {
    const { client } = await open();
    client.job("a").subscribe(() => {});
    for (let cores = 2; cores < 6; cores++) {
      await kill();
      expect(client.connection.current.state).toBe("failed");
      void client.connect();
      await client.ready;
      expect(made).toHaveLength(cores);
      expect(newest().heard("follow")).toEqual([["follow", "a"]]);
    }
  });

  it("is not connected after disconnect()", async () => {
    const { client } = await open();
    client.job("a").subscribe(() => {});
    client.disconnect();
    newest().fault = new Error("unreachable");
    void client.send("x");
    await microtasks();
    expect(client.connection.current.state).toBe("failed");
    client.job("b").subscribe(() => {});
    await client.ready;
    expect(newest().messages).toEqual([["disconnect"], ["follow", "a"], ["follow", "b"]]);
  });

  it("is given no answer that was meant for the one before", async () => {
    const given: ((token: string) => void)[] = [];
    const { client, core } = await open({
      protocol: "socket.io",
      token: () => new Promise<string>((resolve) => given.push(resolve)),
    });
    const replies: unknown[] = [];
    let reply: ((data?: unknown) => Promise<string>) | undefined;
    client.on("progress", (_payload, { reply: answer }) => (reply = answer));
    core.urgent(["socket.io event", "progress", [1], { seq: 1, at: 1, source: "socket", reply: 7 }]);
    core.sink("token", 1, false);
    await kill();
    void client.connect();
    await client.ready;
    given[0]?.("of another user");
    replies.push(await reply?.("late"));
    await microtasks();
    expect(newest().heard("token", "reply")).toEqual([]);
    expect(replies).toEqual(["dropped"]);
  });
});

describe("a job that was followed", () => {
  const before = { status: "running", progress: 60, attempt: 2 } as const;

  async function died(known: Partial<Job>) {
    const { client, core } = await open();
    const seen: Job[] = [];
    const ends = vi.fn();
    const gaps = vi.fn();
    client.job("a").subscribe((it) => seen.push(it));
    client.on("completed", ends);
    client.on("error", ends);
    client.on("gap", gaps);
    core.urgent(["status", { state: "open", everConnected: true }], ["job", job("a", known)]);
    await vi.advanceTimersByTimeAsync(100);
    await kill();
    void client.connect();
    await client.ready;
    seen.length = 0;
    const say = async (more: Partial<Job>) => {
      newest().urgent(["job", job("a", more)]);
      await vi.advanceTimersByTimeAsync(100);
    };
    return { client, seen, ends, gaps, say };
  }

  it("is old until the next core has read it, and does not fall back", async () => {
    const { client, seen, gaps, say } = await died(before);
    await vi.advanceTimersByTimeAsync(100);
    expect(client.job("a").current).toMatchObject({ ...before, stale: true });
    seen.length = 0;
    await say({ status: "unknown", stale: true });
    await say({ status: "queued", progress: 0 });
    await say({ progress: 55 });
    await say({ progress: 70 });
    expect(seen.map(({ status, progress, attempt, stale }) => [status, progress, attempt, stale])).toEqual([
      ["running", 60, 2, false],
      ["running", 60, 2, false],
      ["running", 70, 2, false],
    ]);
    expect(gaps).toHaveBeenCalledTimes(1);
    expect(gaps.mock.calls[0]?.[0]).toMatchObject({ jobId: "a", healed: true });
  });

  it("ends once", async () => {
    const { client, seen, ends, say } = await died({ ...before, status: "completed", progress: 100 });
    expect(client.job("a").current).toMatchObject({ status: "completed", stale: false });
    await say({ status: "unknown", stale: true });
    await say({ status: "completed", progress: 100 });
    newest().urgent(["event", "completed", { jobId: "a" }, meta({ jobId: "a" })]);
    expect(seen).toEqual([]);
    expect(ends).not.toHaveBeenCalled();
  });

  it("that ended meanwhile is reported", async () => {
    const { client, seen, ends, say } = await died(before);
    const done = client.job("a").done();
    await say({ status: "completed", progress: 100 });
    newest().urgent(["event", "completed", { jobId: "a" }, meta({ jobId: "a" })]);
    expect(seen.map(({ status }) => status)).toEqual(["completed"]);
    expect(ends).toHaveBeenCalledTimes(1);
    await expect(done).resolves.toMatchObject({ status: "completed", attempt: 2 });
  });

  it("begins a new attempt, and ends again", async () => {
    const { client, seen, ends, say } = await died({ ...before, status: "failed" });
    client.job("a").retry();
    expect(newest().heard("retry")).toHaveLength(1);
    // The core had not read it yet.
    await say({ status: "failed" });
    expect(newest().heard("retry")).toHaveLength(2);
    await say({ status: "running", attempt: 2, progress: 1 });
    await say({ status: "completed", attempt: 2, progress: 100 });
    newest().urgent(["event", "completed", { jobId: "a" }, meta({ jobId: "a" })]);
    expect(seen.map(({ status, attempt }) => [status, attempt])).toEqual([
      ["queued", 3],
      ["running", 3],
      ["completed", 3],
    ]);
    expect(ends).toHaveBeenCalledTimes(1);
  });

  it("has events that are numbered on, and one that says that the connection is there again", async () => {
    const { client, core } = await open();
    const seqs: number[] = [];
    const again = vi.fn();
    client.on("progress", (_payload, { seq }) => seqs.push(seq));
    client.on("reconnected", again);
    const event = (seq: number) => ["event", "progress", {}, { seq, at: 1, source: "socket" }];
    core.urgent(["status", { state: "open", everConnected: true }], event(1), event(2));
    await kill();
    void client.connect();
    await client.ready;
    newest().urgent(["status", { state: "connecting" }], ["status", { state: "open" }], event(1), event(2));
    expect(seqs).toEqual([1, 2, 3, 4]);
    expect(again).toHaveBeenCalledTimes(1);
    expect(again.mock.calls[0]?.[0]).toMatchObject({ attempts: 0, transport: "websocket" });
  });
});

describe("tabs that share a connection", () => {
  it("go on with another leader; the tab whose core died comes back as one that follows", async () => {
    const origin = new Origin();
    const openTab = async () => {
      const tab = origin.tab();
      tab.use();
      const client = create({ shareAcrossTabs: true });
      client.job("a").subscribe(() => {});
      client.on("progress", () => {});
      await client.ready;
      const core = newest();
      await microtasks();
      return { tab, client, core };
    };
    const [leader, other] = [await openTab(), await openTab()];
    leader.core.urgent(["status", { state: "open", everConnected: true }]);
    await microtasks();
    leader.tab.use();
    leader.core.trapped = true;
    await vi.advanceTimersByTimeAsync(HEARTBEAT);
    expect(leader.client.connection.current).toMatchObject({ state: "failed", error: { code: "wasm" } });
    expect(other.core.heard("follow")).toEqual([["follow", "a"]]);
    other.core.urgent(["status", { state: "open", everConnected: true }]);
    await microtasks();
    expect(other.client.connection.current).toMatchObject({ state: "open", transport: "websocket" });

    leader.tab.use();
    void leader.client.connect();
    await leader.client.ready;
    await vi.advanceTimersByTimeAsync(100);
    expect(leader.client.connection.current).toMatchObject({ state: "open", transport: "tab" });
    expect(other.core.heard("follow")).toEqual([
      ["follow", "a"],
      ["follow", "a"],
    ]);
    expect(other.core.heard("listen")).toEqual([
      ["listen", "progress", 1],
      ["listen", "progress", 1],
    ]);
  });
});

describe("a core that cannot be started", () => {
  it("for want of memory, is tried again in another wasm", async () => {
    const { client } = await open();
    void client.connect();
    await kill();
    const loading = vi.spyOn(WebAssembly, "compile");
    control.constructing = new Error("unreachable");
    await expect(client.connect()).rejects.toMatchObject({ code: "wasm" });
    const { loads } = control;
    control.constructing = undefined;
    void client.connect();
    await client.ready;
    expect(control.loads).toBe(loads + 1);
    expect(loading).not.toHaveBeenCalled();
  });
});

describe("clients of one page", () => {
  it("do not die with each other, and get a fresh wasm after one that died", async () => {
    const other = create();
    await other.ready;
    const { client } = await open();
    newest().trapped = true;
    void client.connect();
    void other.connect();
    await vi.advanceTimersByTimeAsync(HEARTBEAT);
    expect([client, other].map(({ connection }) => connection.current.state)).toEqual(["failed", "idle"]);
    const { loads } = control;
    void client.connect();
    await client.ready;
    expect(control.loads).toBe(loads + 1);
    expect(made).toHaveLength(3);
  });
});
