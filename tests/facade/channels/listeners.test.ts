import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import type { AnyEvent, InvalidPayload, JobEvents, LogEntry } from "../../../pkg-template/src/index.js";
import { collectReports, job, meta, microtasks, open } from "../support.js";

const event = (name: string, payload: unknown = {}, more = {}) => ["event", name, payload, meta(more)];

describe("listeners", () => {
  it("of the core's own come with their names", async () => {
    const { client, core } = await open();
    const heard: unknown[] = [];
    client.on("gap", (gap, { jobId, source }) => heard.push(gap, jobId, source));
    core.urgent(["own event", "gap", [0, 10, 20, 1], "j"]);
    expect(heard).toEqual([{ jobId: "j", from: 10, to: 20, healed: true }, "j", "socket"]);
  });

  it("get the payload and where it came from", async () => {
    const { client, core } = await open();
    const heard = vi.fn();
    client.on("progress", heard);
    core.urgent(event("progress", { jobId: "a", progress: 5 }, { jobId: "a" }));
    expect(heard).toHaveBeenCalledExactlyOnceWith(
      { jobId: "a", progress: 5 },
      expect.objectContaining({ jobId: "a", source: "socket" }),
    );
  });

  it("are counted in the core, and the last one frees the entry", async () => {
    const { client, core } = await open();
    const listener = () => {};
    const undo = client.on("progress", listener);
    client.on("progress", listener);
    undo();
    undo();
    client.off("progress", listener);
    client.off("progress", listener);
    client.onAny(listener)();
    expect(core.heard("listen").map(([, name, delta]) => [name, delta])).toEqual([
      ["progress", 1],
      ["progress", 1],
      ["progress", -1],
      ["progress", -1],
      ["*", 1],
      ["*", -1],
    ]);
  });

  it("of once() hear once, even when the event comes again meanwhile", async () => {
    const { client, core } = await open();
    const heard = vi.fn(() => core.urgent(event("progress")));
    client.once("progress", heard);
    core.urgent(event("progress"), event("progress"));
    expect(heard).toHaveBeenCalledTimes(1);
    expect(core.heard("listen").at(-1)).toEqual(["listen", "progress", -1]);
  });

  it("that throw disturb nobody and are reported", async () => {
    const reports = collectReports();
    const entries: LogEntry[] = [];
    const { client, core } = await open({ logger: (entry) => entries.push(entry) });
    const heard = vi.fn();
    client.on("progress", () => {
      throw new Error("mine");
    });
    client.on("progress", heard);
    client.connection.subscribe(() => {
      throw new Error("store");
    });
    core.urgent(event("progress"));
    expect(heard).toHaveBeenCalledTimes(1);
    expect(reports.map(String)).toEqual(["Error: store", "Error: mine"]);
    expect(entries.map(({ code }) => code)).toEqual(["listener-threw", "listener-threw"]);
  });

  it("without a reportError are reported as uncaught", async () => {
    vi.stubGlobal("reportError", undefined);
    const uncaught: (() => void)[] = [];
    vi.stubGlobal("queueMicrotask", (run: () => void) => uncaught.push(run));
    const { client, core } = await open();
    client.on("progress", () => {
      throw new Error("mine");
    });
    core.urgent(event("progress"));
    expect(uncaught.at(-1)).toThrow("mine");
  });

  it("may come and go while the event is told", async () => {
    const { client, core } = await open();
    const heard: string[] = [];
    const undo: (() => void)[] = [];
    client.on("progress", () => {
      heard.push("first");
      undo[0]?.();
      client.on("progress", () => heard.push("late"));
    });
    undo.push(client.on("progress", () => heard.push("removed")));
    client.on("progress", () => heard.push("last"));
    core.urgent(event("progress"));
    expect(heard).toEqual(["first", "last"]);
  });

  it("a throwing logger is reported and asked again", async () => {
    const reports = collectReports();
    const logger = vi.fn(() => {
      throw new Error("logger");
    });
    const { core } = await open({ logger });
    core.urgent(["log", { what: 0, detail: "(1006)" }], ["log", { what: 1, detail: "(1006)" }]);
    expect(logger).toHaveBeenCalledTimes(2);
    expect(reports).toHaveLength(2);
  });
});

describe('the event "job"', () => {
  it("is any change of a job, and the core is asked for all of them while somebody listens", async () => {
    const { client, core } = await open();
    const heard: unknown[] = [];
    const undo = client.on("job", (it, { jobId, source }) => heard.push([it.progress, jobId, source]));
    const undoAny = client.onAny((name) => heard.push(name));
    core.urgent(["job", job("a", { progress: 1, source: "polling" })]);
    expect(heard).toEqual([[1, "a", "polling"], "job"]);
    undo();
    undoAny();
    expect(core.heard("watchAll")).toEqual([
      ["watchAll", 1],
      ["watchAll", 0],
    ]);
    expect(core.heard("listen").every(([, name]) => name === "*")).toBe(true);
  });
});

describe("events()", () => {
  it("loses nothing between iterations", async () => {
    const { client, core } = await open();
    const iterator = client.events()[Symbol.asyncIterator]();
    core.urgent(event("progress", 1), event("progress", 2));
    const got: unknown[] = [(await iterator.next()).value.payload];
    core.urgent(event("heartbeat", 3));
    await microtasks();
    core.urgent(event("progress", 4));
    for (let i = 0; i < 3; i++) got.push((await iterator.next()).value.payload);
    expect(got).toEqual([1, 2, 3, 4]);
    await iterator.return?.();
    expect(core.heard("listen")).toEqual([
      ["listen", "*", 1],
      ["listen", "*", -1],
    ]);
  });

  it("can be left while it waits, and before it began", async () => {
    const { client, core } = await open();
    const waiting = client.events()[Symbol.asyncIterator]();
    const next = waiting.next();
    await microtasks();
    await expect(Promise.all([waiting.return?.(), next])).resolves.toMatchObject([
      { done: true },
      { done: true },
    ]);
    await client.events()[Symbol.asyncIterator]().return?.();
    expect(core.heard("listen")).toEqual([
      ["listen", "*", 1],
      ["listen", "*", -1],
      ["listen", "*", 1],
      ["listen", "*", -1],
    ]);
  });

  it("keeps the last of those that nobody takes, and says how many it dropped", async () => {
    const entries: LogEntry[] = [];
    const { client, core } = await open({ logger: (entry) => entries.push(entry) });
    const iterator = client.events({ limit: 3 })[Symbol.asyncIterator]();
    for (let n = 1; n <= 10; n++) core.urgent(event("progress", n, { at: n * 100 }));
    const got: AnyEvent[] = [];
    for (let i = 0; i < 4; i++) got.push((await iterator.next()).value as AnyEvent);
    expect(got.map(({ event, payload }) => [event, payload])).toEqual([
      ["gap", { from: 100, to: 700, healed: false, dropped: 7 }],
      ["progress", 8],
      ["progress", 9],
      ["progress", 10],
    ]);
    expect(got[0]?.meta).toMatchObject({ at: 700, source: "socket" });
    expect(entries.map(({ code }) => code)).toEqual(["events-dropped"]);
    // What was taken makes room, and the next gap counts anew.
    for (let n = 11; n <= 15; n++) core.urgent(event("progress", n));
    expect((await iterator.next()).value).toMatchObject({ event: "gap", payload: { dropped: 2 } });
    for (const n of [13, 14, 15]) expect((await iterator.next()).value.payload).toBe(n);
    await iterator.return?.();
  });

  it("keeps 10,000 unless told otherwise, and takes whole numbers above 0", async () => {
    const { client, core } = await open();
    const iterator = client.events()[Symbol.asyncIterator]();
    for (let n = 0; n < 10_004; n++) core.urgent(event("progress", n));
    expect((await iterator.next()).value).toMatchObject({ event: "gap", payload: { dropped: 4 } });
    for (let n = 4; n < 10_004; n++) expect((await iterator.next()).value.payload).toBe(n);
    await iterator.return?.();
    for (const limit of [0, -1, 1.5, NaN, Infinity, "5", null])
      expect(() => client.events({ limit: limit as never })).toThrow(/limit/);
  });

  it("ends with the signal, and with the client", async () => {
    const { client, core } = await open();
    const abort = new AbortController();
    const got: AnyEvent[] = [];
    const first = (async () => {
      for await (const one of client.events({ signal: abort.signal })) got.push(one);
    })();
    const second = (async () => {
      for await (const one of client.events()) got.push(one);
    })();
    core.urgent(event("progress"));
    await microtasks();
    abort.abort();
    await first;
    core.urgent(event("progress"));
    await microtasks();
    client.close();
    await second;
    expect(got).toHaveLength(3);
    for await (const one of client.events()) got.push(one);
    expect(got).toHaveLength(3);
  });
});

describe("validators", () => {
  type Events = JobEvents & { mine: { n: number } };
  const mine = z.object({ n: z.number() });

  it("let valid events through, transformed, and offer the others", async () => {
    const entries: LogEntry[] = [];
    const { client, core } = await open<Events>({
      events: { mine: z.object({ n: z.number().transform((n) => n * 2) }) },
      logger: (entry) => entries.push(entry),
    });
    const heard: unknown[] = [];
    const invalid: InvalidPayload[] = [];
    client.on("mine", ({ n }) => heard.push(n));
    client.on("invalid", (one) => invalid.push(one));
    core.urgent(event("mine", { n: 1 }), event("mine", { n: "x" }, { jobId: "j" }), event("mine", { n: 2 }));
    expect(heard).toEqual([2, 4]);
    expect(invalid).toEqual([
      {
        event: "mine",
        code: "invalid-event",
        reason: expect.stringContaining("expected number") as string,
        payload: { n: "x" },
        issues: [expect.anything()],
        jobId: "j",
      },
    ]);
    expect(entries).toMatchObject([{ level: "warn", code: "invalid-event", jobId: "j" }]);
    const audit = client.audit();
    const row = { event: "mine", received: 3, delivered: 3, invalid: 0, listeners: 1, unhandled: 0 };
    core.sink("reply", core.heard("audit")[0]?.[1] as number, [["mine", 3, 3, 0, 1, 0, 0]]);
    expect(await audit).toEqual([{ ...row, delivered: 2, invalid: 1 }]);
  });

  it("that say nothing have found something wrong, and disturb nobody else", async () => {
    const silent = {
      "~standard": { version: 1 as const, vendor: "test", validate: () => undefined as never },
    };
    const { client, core } = await open<Events>({ events: { mine: silent as never } });
    const heard: string[] = [];
    client.on("mine", () => heard.push("mine"));
    client.on("invalid", ({ reason }) => heard.push(reason));
    client.on("progress", () => heard.push("progress"));
    core.urgent(event("mine", {}), event("progress", {}));
    expect(heard).toEqual(["The validator said nothing.", "progress"]);
  });

  it("pass marks them, quarantine keeps them", async () => {
    const passing = await open<Events>({ events: { mine }, onInvalid: "pass" });
    const heard: unknown[] = [];
    passing.client.on("mine", (payload, { invalid }) => heard.push([payload, invalid]));
    passing.core.urgent(event("mine", "bad"));
    expect(heard).toEqual([["bad", expect.stringContaining("expected object")]]);

    const keeping = await open<Events>({ events: { mine }, onInvalid: "quarantine" });
    keeping.client.on("mine", (payload) => heard.push(payload));
    keeping.core.urgent(event("mine", "bad"));
    const inspection = keeping.client.inspect();
    keeping.core.reply("inspect", true, [[0, 0, 0], [0], [0], [0]]);
    expect((await inspection).quarantine).toMatchObject([{ event: "mine", payload: "bad" }]);
    expect(heard).toHaveLength(1);
  });

  it("that quote or hold what they refuse do not make the quarantine grow", async () => {
    const refusing = {
      "~standard": {
        version: 1 as const,
        vendor: "test",
        validate: (value: unknown) => {
          const message = `got ${JSON.stringify(value)}`;
          return {
            issues: Array.from({ length: 1000 }, () => ({ message, path: [{ key: "n", input: value }] })),
          };
        },
      },
    };
    const logs: LogEntry[] = [];
    const { client, core } = await open<Events>({
      events: { mine: refusing as never },
      onInvalid: "quarantine",
      logger: (entry) => logs.push(entry),
    });
    client.on("mine", () => {});
    const large = { text: "x".repeat(100_000) };
    for (let count = 0; count < 150; count++) core.urgent(event("mine", large));
    const inspection = client.inspect();
    core.reply("inspect", true, [[0, 0, 0], [0], [0], [0]]);
    const { quarantine } = await inspection;
    expect(quarantine).toHaveLength(100);
    expect(JSON.stringify(quarantine[0]).length).toBeLessThan(150_000);
    expect(quarantine[0]).toMatchObject({
      payload: expect.stringMatching(/^\{"text":"x+…$/) as string,
      issues: { length: 100, 0: { path: ["n"] } },
    });
    expect(Math.max(...logs.map(({ message }) => message.length))).toBeLessThan(1100);
  });

  it("that refuse very many events have few of them logged, and say how many were left out", async () => {
    vi.useFakeTimers();
    const logs: LogEntry[] = [];
    const { client, core } = await open<Events>({ events: { mine }, logger: (entry) => logs.push(entry) });
    client.on("mine", () => {});
    const hostile = () => {
      for (let count = 0; count < 1000; count++) core.urgent(event("mine", "bad"));
    };
    hostile();
    expect(logs).toHaveLength(50);
    await vi.advanceTimersByTimeAsync(1000);
    hostile();
    expect(logs).toHaveLength(60);
    expect(logs.map(({ hushed }) => hushed).filter(Boolean)).toEqual([950]);
  });

  it("that never end hold back a bounded number of events, and say so once a second", async () => {
    const stuck = {
      "~standard": { version: 1 as const, vendor: "test", validate: () => new Promise(() => {}) },
    };
    const logs: string[] = [];
    const { client, core } = await open<Events>({
      events: { mine: stuck as never },
      logger: ({ code }) => logs.push(code),
    });
    let refused = 0;
    client.on("mine", () => {});
    client.on("invalid", ({ reason }) => reason.startsWith("Too many events wait") && refused++);
    for (let count = 0; count < 10_100; count++) core.urgent(event("mine", { n: count }));
    expect(refused).toBe(100);
    expect(logs).toEqual(["validators-full"]);
    const audit = client.audit();
    core.sink("reply", core.heard("audit")[0]?.[1] as number, [["mine", 10_100, 10_100, 0, 1, 0, 0]]);
    expect(await audit).toMatchObject([{ invalid: 100, delivered: 10_000 }]);
  });

  it("that take their time keep the order; one that throws has found something wrong", async () => {
    const waits: (() => void)[] = [];
    const slow = {
      "~standard": {
        version: 1 as const,
        vendor: "test",
        validate: (value: unknown) =>
          new Promise<{ value: { n: number } }>((resolve, reject) =>
            waits.push(() =>
              value === "bad" ? reject(new Error("no")) : resolve({ value: value as { n: number } }),
            ),
          ),
      },
    };
    const { client, core } = await open<Events>({ events: { mine: slow } });
    const heard: unknown[] = [];
    client.on("mine", ({ n }) => heard.push(n));
    client.on("invalid", ({ reason }) => heard.push(reason));
    core.urgent(event("mine", { n: 1 }), event("mine", "bad"), event("mine", { n: 3 }));
    for (const go of waits.reverse()) {
      go();
      await microtasks();
    }
    expect(heard).toEqual([1, "no", 3]);
  });

  it("are those of the app: no member of every object is one", async () => {
    const { client, core } = await open({ events: { mine: z.object({}) } });
    const heard: unknown[] = [];
    client.onAny((name, payload) => heard.push([name, payload]));
    core.urgent(["event", "constructor", 1, meta()], ["event", "__proto__", 2, meta()]);
    expect(heard).toEqual([
      ["constructor", 1],
      ["__proto__", 2],
    ]);
  });
});
