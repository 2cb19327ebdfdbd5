import { describe, expect, it, vi } from "vitest";
import { JobsError } from "../../../pkg-template/src/index.js";
import type { LogEntry } from "../../../pkg-template/src/index.js";
import { made } from "../fake/core.js";
import { collectReports, create, job, meta, microtasks, newest, open } from "../support.js";

/** Numbers of problems.ts. */
const QUEUE_FULL = 3;
const TOKEN_REFUSED = 6;
const READ_INVALID = 22;
const TOKEN_LOG = 3;
const READ_LOG = 6;

describe("commands", () => {
  it("are kept in order until the core is there", async () => {
    const client = create();
    client.on("progress", () => {});
    void client.connect();
    client.job("a").subscribe(() => {});
    void client.send("x", { a: 1 }, { volatile: true, supersede: "k", maxAge: 5 });
    await client.ready;
    expect(newest().messages).toEqual([
      ["connect", expect.any(Number)],
      ["listen", "progress", 1],
      ["connect", expect.any(Number)],
      ["follow", "a"],
      ["sendVolatile", expect.any(Number), "x", '{"a":1}', "k", 5],
    ]);
    void client.send("y", { a: 1 });
    expect(newest().messages.at(-1)).toEqual(["send", expect.any(Number), "y", '{"a":1}', undefined, -1]);
  });

  it("do not connect after a disconnect() that came first, which loads nothing", async () => {
    const client = create();
    client.disconnect();
    await microtasks();
    expect(made).toHaveLength(0);
    client.job("a").subscribe(() => {});
    await client.ready;
    expect(newest().messages).toEqual([["disconnect"], ["follow", "a"]]);
    void client.connect();
    expect(newest().messages.at(-1)).toEqual(["connect", expect.any(Number)]);
  });

  it("connect once by implication, and not at all after disconnect()", async () => {
    const { client, core } = await open();
    expect(core.messages).toEqual([]);
    client.disconnect();
    client.job("a").subscribe(() => {});
    client.on("progress", () => {});
    expect(core.heard("connect")).toEqual([]);
    expect(core.heard("disconnect")).toHaveLength(1);
  });

  it("audit() and inspect() connect nothing", async () => {
    const { client, core } = await open();
    const audit = client.audit();
    core.sink("reply", core.heard("audit")[0]?.[1] as number, []);
    expect(await audit).toEqual([]);
    const inspection = client.inspect();
    core.reply("inspect", true, [[0, 2, 1, 11, 12, 13, 14, 15, 16, 17, 18, 19], [0], [0], [0]]);
    expect(await inspection).toMatchObject({
      state: "open",
      jobs: 1,
      counters: { frames: 18, bytes: 19, events: 0 },
      quarantine: [],
    });
    expect(core.heard("connect")).toEqual([]);
  });

  it("are answered, or rejected with a JobsError", async () => {
    const { client, core } = await open();
    const first = client.connect();
    core.reply("connect", true);
    await expect(first).resolves.toBeNull();
    const second = client.connect();
    core.reply("connect", false, TOKEN_REFUSED);
    const error = await second.catch((e: unknown) => e);
    expect(error).toBeInstanceOf(JobsError);
    expect(error).toMatchObject({
      code: "auth",
      message: "The server refused the token, and the refreshed one too.",
      remedy: expect.stringContaining("sign in again, then call connect()."),
      retryable: false,
    });
    const sent = client.send("x");
    core.reply("send", true, "queued");
    await expect(sent).resolves.toBe("queued");
  });

  it("may be left unawaited", async () => {
    const unhandled = vi.fn();
    process.on("unhandledRejection", unhandled);
    const { client, core } = await open();
    void client.send("x");
    core.reply("send", false, QUEUE_FULL);
    void client.send("x", () => {});
    void client.request("x");
    void client.connect();
    client.close();
    await new Promise((resolve) => setTimeout(resolve, 5));
    process.off("unhandledRejection", unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  it("refuse data that JSON cannot hold", async () => {
    const { client, core } = await open();
    const round: { self?: unknown } = {};
    round.self = round;
    for (const data of [round, 1n, () => {}, Symbol("x")]) {
      await expect(client.send("x", data)).rejects.toMatchObject({ code: "validation" });
    }
    expect(core.heard("send")).toEqual([]);
  });

  it("hold texts and numbers, whatever an app without types gives", async () => {
    const { client, core } = await open();
    void client.send(5 as never, {}, { supersede: 7 as never });
    void client.send(Symbol("x") as never, {}, { supersede: null as never });
    client.on(6 as never, () => {});
    client.jobs({ ids: [4 as never] }).subscribe(() => {});
    expect(core.heard("send", "listen", "follow")).toEqual([
      ["send", expect.any(Number), "5", "{}", "7", -1],
      ["send", expect.any(Number), "Symbol(x)", "{}", undefined, -1],
      ["listen", "6", 1],
      ["follow", "4"],
    ]);
  });
});

describe("how long it may take", () => {
  const bad = [0, -1, NaN, Infinity, "5", 5n, null];

  it.each(bad)("is no maxAge of %s", async (maxAge) => {
    const { client, core } = await open();
    await expect(client.send("x", 1, { maxAge: maxAge as never })).rejects.toMatchObject({
      name: "JobsError",
      code: "config",
      message: expect.stringContaining("maxAge"),
      remedy: expect.stringMatching(/finite number above 0/),
    });
    expect(core.heard("send")).toEqual([]);
  });

  it.each(bad)("is no timeout of %s", async (timeout) => {
    const { client, core } = await open({ protocol: "socket.io" });
    const channel = client.channel("/a");
    for (const { request } of [client, channel])
      await expect(request("x", 1, { timeout: timeout as never })).rejects.toMatchObject({
        code: "config",
        message: expect.stringContaining("timeout"),
        remedy: expect.stringMatching(/finite number above 0/),
      });
    expect(core.heard("request")).toEqual([]);
  });
});

describe("what the protocol lacks", () => {
  it("is said with a remedy", async () => {
    const { client } = await open();
    await expect(client.request("x")).rejects.toMatchObject({
      code: "config",
      remedy: expect.stringContaining("socket.io"),
    });
    expect(() => client.channel("/jobs")).toThrow(/no channels/);
    expect(client.entities("track").current.size).toBe(0);
    expect(client.entities("track")).toBe(client.entities("track"));
  });
});

describe("connection", () => {
  it("tells changes at once, with a JobsError", async () => {
    const { client, core } = await open();
    const states: string[] = [];
    client.connection.subscribe(({ state }) => states.push(state));
    core.urgent(["status", { state: "connecting" }]);
    core.urgent(["status", { state: "failed", attempt: 1, problem: TOKEN_REFUSED }]);
    expect(states).toEqual(["idle", "connecting", "failed"]);
    expect(client.connection.current).toEqual({
      state: "failed",
      attempt: 1,
      everConnected: false,
      error: expect.any(JobsError) as JobsError,
    });
    expect(client.connection.current.error).toMatchObject({ code: "auth", retryable: false });
  });
});

describe("token", () => {
  it("is fetched when the core asks, and told why", async () => {
    const token = vi.fn(async (reason: string) => `token for ${reason}`);
    const { core } = await open({ token });
    core.sink("token", 7, true);
    core.sink("token", 8, false);
    await microtasks();
    expect(core.heard("token")).toEqual([
      ["token", 7, "token for refresh"],
      ["token", 8, "token for connect"],
    ]);
  });

  it("may be a constant", async () => {
    const { core } = await open({ token: "constant" });
    core.sink("token", 1, false);
    await microtasks();
    expect(core.heard("token")).toEqual([["token", 1, "constant"]]);
  });

  it.each<[string, () => unknown]>([
    [
      "throws",
      () => {
        throw new Error("HTTP 500 for eyJhbGciOiJIUzI1NiJ9.payload");
      },
    ],
    ["rejects", () => Promise.reject(new Error("HTTP 500 for eyJhbGciOiJIUzI1NiJ9.payload"))],
    ["gives nothing", () => undefined],
  ])("that %s fails without repeating what looks secret", async (_name, token) => {
    const { core } = await open({ token: token as () => string });
    core.sink("token", 1, false);
    await microtasks();
    expect(core.heard("tokenFailed")).toHaveLength(1);
    expect(JSON.stringify(core.messages)).not.toContain("eyJ");
  });

  it("never reaches a log, an error or the client's own look", async () => {
    const entries: LogEntry[] = [];
    const { client, core } = await open({
      token: () => "s3cret-token",
      logger: (entry) => entries.push(entry),
    });
    core.sink("token", 1, false);
    await microtasks();
    core.urgent(["log", { what: TOKEN_LOG, detail: "wss://h?token=s3cret-token failed" }]);
    core.urgent(["log", { what: READ_LOG, problem: READ_INVALID, detail: "s3cret-token" }]);
    const failed = client.connect();
    core.reply("connect", false, READ_INVALID, "refused s3cret-token");
    const error = (await failed.catch((e: unknown) => e)) as JobsError;
    core.urgent(["status", { state: "failed", attempt: 1, problem: TOKEN_REFUSED }]);
    const { inspect } = await import("node:util");
    const seen = [entries, error.message, error.stack, inspect(client, { depth: 9, showHidden: true })];
    expect(inspect(seen)).not.toContain("s3cret-token");
    expect(entries.map(({ message }) => message)).toEqual([
      "wss://h?token=*** failed",
      "The answer to a read does not fit: ***",
    ]);
    expect(error.message).toBe("The answer to a read does not fit: refused ***");
  });

  it("of the user before stays out of what is told after a switch", async () => {
    let user = "alice";
    const entries: LogEntry[] = [];
    const { client, core } = await open({
      token: () => `token-of-${user}`,
      logger: (entry) => entries.push(entry),
    });
    core.sink("token", 1, false);
    await microtasks();
    client.disconnect();
    user = "bob";
    void client.connect();
    core.sink("token", 2, false);
    await microtasks();
    expect(core.heard("token")).toEqual([
      ["token", 1, "token-of-alice"],
      ["token", 2, "token-of-bob"],
    ]);
    const detail = "token-of-alice is not dG9rZW4tb2YtYm9i, nor token%2Dof%2Dbob";
    core.urgent(["log", { what: TOKEN_LOG, detail }]);
    expect(entries.at(-1)?.message).toBe("*** is not ***, nor ***");
  });
});

describe("headers", () => {
  it("of a read are asked for every time", async () => {
    let n = 0;
    const { core } = await open({ polling: { url: "/j/{id}", headers: () => ({ "X-N": String(++n) }) } });
    core.sink("headers", 3);
    core.sink("headers", 4);
    await microtasks();
    expect(core.heard("headers")).toEqual([
      ["headers", 3, '[["x-n","1"]]'],
      ["headers", 4, '[["x-n","2"]]'],
    ]);
  });

  it("that fail are logged, and the read goes on without", async () => {
    const logger = vi.fn();
    const headers = () => {
      throw new Error("no");
    };
    const { core } = await open({ logger, polling: { url: "/j/{id}", headers } });
    core.sink("headers", 3);
    await microtasks();
    expect(core.heard("headers")).toEqual([["headers", 3, "[]"]]);
    expect(logger).toHaveBeenCalledWith(expect.objectContaining({ code: "headers-failed" }));
  });
});

describe("close()", () => {
  it("lets go of the core once, after its last message", async () => {
    const { client, core } = await open();
    client.disconnect();
    expect(core.freed).toBe(0);
    client.close();
    client.close();
    client.disconnect();
    expect(core.freed).toBe(1);
    expect(core.messages.at(-1)).toEqual(["shutdown"]);
  });

  it("is final, idempotent and rejects what waits", async () => {
    const { client, core } = await open();
    const heard = vi.fn();
    client.on("progress", heard);
    client.onAny(heard);
    client.job("a").subscribe(heard);
    client.jobs().subscribe(heard);
    const waiting = [client.connect(), client.job("a").done(), client.send("x"), client.job("a").refresh()];
    heard.mockClear();
    client.close();
    client.close();
    client[Symbol.dispose]();
    core.urgent(["job", job("a")], ["event", "progress", {}, meta()], ["status", { state: "open" }]);
    core.sink("dirty");
    for (const promise of waiting) await expect(promise).rejects.toMatchObject({ code: "closed" });
    expect(heard).not.toHaveBeenCalled();
    expect(core.heard("shutdown")).toHaveLength(1);
    expect(core.messages.at(-1)).toEqual(["shutdown"]);
    expect(client.connection.current.state).toBe("closed");
  });

  it("is told to those who watch the connection, once, and nothing after it", async () => {
    const { client, core } = await open();
    const told: string[] = [];
    client.connection.subscribe(({ state }) => {
      told.push(state);
      if (state === "closed") client.close();
    });
    core.urgent(["status", { state: "open" }]);
    client.close();
    client.close();
    core.urgent(["status", { state: "waiting" }]);
    expect(told).toEqual(["idle", "open", "closed"]);
    client.connection.subscribe(({ state }) => told.push(`later: ${state}`));
    expect(told.at(-1)).toBe("later: closed");
  });

  it("is told to those who watch a channel as well, however they take it", async () => {
    const reports = collectReports();
    const { client } = await open({ protocol: "socket.io" });
    const told: string[] = [];
    client.connection.subscribe(({ state }) => {
      if (state === "closed") throw new Error("mine");
    });
    client.channel("/a").connection.subscribe(({ state }) => told.push(state));
    client.close();
    expect(told).toEqual(["idle", "closed"]);
    expect(reports.map(String)).toEqual(["Error: mine"]);
  });

  it("inside a listener stops the batch it came with", async () => {
    const { client, core } = await open();
    const heard: string[] = [];
    client.on("progress", () => {
      heard.push("first");
      client.close();
    });
    client.on("progress", () => heard.push("second"));
    client.onAny(() => heard.push("any"));
    core.urgent(["event", "progress", {}, meta()], ["event", "progress", {}, meta()]);
    expect(heard).toEqual(["first"]);
  });

  it("before the core is loaded leaves nothing behind", async () => {
    const client = create();
    const connecting = client.connect();
    const { ready } = client;
    client.close();
    await expect(connecting).rejects.toMatchObject({ code: "closed" });
    await expect(ready).rejects.toMatchObject({ code: "closed" });
    await expect.poll(() => newest()?.messages).toEqual([["shutdown"]]);
  });

  it("makes later calls reject, and later listeners silent", async () => {
    const { client } = await open();
    client.close();
    await expect(client.connect()).rejects.toMatchObject({ code: "closed" });
    await expect(client.job("a").done()).rejects.toMatchObject({ code: "closed" });
    client.on("progress", () => {})();
    client.job("a").subscribe(() => {})();
    client.jobs().subscribe(() => {})();
    client.disconnect();
  });

  it("comes with using", async () => {
    const { client } = await open();
    {
      using scope = client;
      expect(scope.connection.current.state).toBe("idle");
    }
    expect(client.connection.current.state).toBe("closed");
  });
});

describe("page", () => {
  const WAKES = { visible: 0, pageshow: 1, resume: 2, online: 3, focus: 4 };

  it("events are told to the core, each once", async () => {
    const { client, core } = await open();
    for (const type of ["pageshow", "online", "focus", "pagehide"]) window.dispatchEvent(new Event(type));
    for (const type of ["resume", "freeze"]) document.dispatchEvent(new Event(type));
    const hidden = vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
    document.dispatchEvent(new Event("visibilitychange"));
    hidden.mockReturnValue("visible");
    document.dispatchEvent(new Event("visibilitychange"));
    expect(core.messages).toEqual([
      ["wake", WAKES.pageshow],
      ["wake", WAKES.online],
      ["wake", WAKES.focus],
      ["suspend"],
      ["wake", WAKES.resume],
      ["suspend"],
      ["hidden", 1],
      ["hidden", 0],
      ["wake", WAKES.visible],
    ]);
    client.close();
    core.messages.length = 0;
    window.dispatchEvent(new Event("online"));
    expect(core.messages).toEqual([]);
  });

  it("events do not reach a core that died, which would end the next one", async () => {
    const entries: LogEntry[] = [];
    const { client, core } = await open({ logger: (entry) => entries.push(entry) });
    core.fault = new Error("unreachable");
    window.dispatchEvent(new Event("focus"));
    expect(client.connection.current).toMatchObject({ state: "failed", error: { code: "wasm" } });
    await client.ready;
    expect(made).toHaveLength(2);
    newest().urgent(["status", { state: "open" }]);
    window.dispatchEvent(new Event("focus"));
    expect(client.connection.current.state).toBe("open");
    expect(newest().heard("wake")).toHaveLength(1);
    expect(entries.map(({ code }) => code)).toEqual(["core-died"]);
  });
});
