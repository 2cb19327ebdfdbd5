import { beforeEach, describe, expect, it, vi } from "vitest";
import type { JobsClient, JobsClientOptions, LogEntry } from "../../../pkg-template/src/index.js";
import { made } from "../fake/core.js";
import type { FakeCore } from "../fake/core.js";
import { Origin } from "../fake/tabs.js";
import type { Tab } from "../fake/tabs.js";
import { create, frame, job, meta, microtasks, newest } from "../support.js";

const SECRET = "a-token-that-nobody-else-may-see";

let origin: Origin;

interface Opened {
  tab: Tab;
  client: JobsClient;
  /** The core in reserve, which serves when the tab leads. */
  core: FakeCore;
  logs: LogEntry[];
}

/** A tab with a client. The first one leads. */
async function openTab(options: Partial<JobsClientOptions> = {}): Promise<Opened> {
  const tab = origin.tab();
  const logs: LogEntry[] = [];
  tab.use();
  const client = create({ shareAcrossTabs: true, logger: (entry) => logs.push(entry), ...options });
  await client.ready;
  const core = newest();
  await microtasks();
  return { tab, client, core, logs };
}

/** Everything a tab is told of a job's ends, and of the job. */
function watch({ client }: Opened, id: string) {
  const seen = { statuses: [] as string[], ends: [] as string[] };
  client.job(id).subscribe(({ status, progress, stale }) => {
    seen.statuses.push(`${status} ${progress ?? "-"}${stale ? " stale" : ""}`);
  });
  client.on("completed", ({ jobId }) => seen.ends.push(jobId));
  return seen;
}

const open = (more: object = {}) => ["status", { state: "open", everConnected: true, ...more }];

beforeEach(() => {
  vi.useFakeTimers();
  origin = new Origin();
});

describe("shareAcrossTabs", () => {
  it("has the core of one tab serve all, which see the same", async () => {
    const [first, second, third] = [await openTab(), await openTab(), await openTab()];
    const seen = [first, second, third].map((tab) => watch(tab, "a"));
    await microtasks();
    expect(first.core.heard("follow")).toEqual([
      ["follow", "a"],
      ["follow", "a"],
      ["follow", "a"],
    ]);
    expect([...second.core.messages, ...third.core.messages]).toEqual([]);

    first.core.urgent(open());
    first.core.push(["job", job("a", { progress: 30 })]);
    await frame();
    first.core.urgent(
      ["job", job("a", { status: "completed", progress: 100 })],
      ["event", "completed", { jobId: "a" }, meta({ jobId: "a" })],
    );
    await microtasks();
    for (const { statuses, ends } of seen) {
      expect(statuses).toEqual(["unknown - stale", "running 30", "completed 100"]);
      expect(ends).toEqual(["a"]);
    }
    expect(first.client.connection.current).toMatchObject({ state: "open", transport: "websocket" });
    expect(second.client.connection.current).toMatchObject({ state: "open", transport: "tab" });
    expect(first.client.job("a").current.source).toBe("socket");
    expect(second.client.job("a").current.source).toBe("tab");
  });

  it("answers whoever asked", async () => {
    const [leader, tab] = [await openTab(), await openTab()];
    const own = leader.client.send("x", { from: "leader" });
    const other = tab.client.send("y", { from: "tab" });
    await microtasks();
    const [[, firstRid], [, secondRid]] = leader.core.heard("send") as [[string, number], [string, number]];
    leader.core.urgent(["answer", secondRid, "queued"], ["answer", firstRid, "sent"]);
    await microtasks();
    expect(await Promise.all([own, other])).toEqual(["sent", "queued"]);

    const refreshed = tab.client.job("a").refresh();
    await microtasks();
    leader.core.replyJob("refresh", job("a", { progress: 7, source: "polling" }));
    await microtasks();
    expect(await refreshed).toMatchObject({ progress: 7, source: "tab" });
    expect(leader.client.job("a").current.status).toBe("unknown");

    const refused = tab.client.connect().catch((error: unknown) => error);
    await microtasks();
    leader.core.reply("connect", false, 9);
    await microtasks();
    expect(await refused).toMatchObject({ code: "network" });

    const audit = tab.client.audit();
    await microtasks();
    leader.core.sink("reply", leader.core.heard("audit")[0]?.[1] as number, [["progress", 1, 1, 0, 1, 0, 0]]);
    await microtasks();
    expect(await audit).toMatchObject([{ event: "progress", received: 1 }]);
  });

  it("shows a late joiner the present", async () => {
    const leader = await openTab();
    watch(leader, "a");
    leader.core.urgent(open(), ["job", job("a", { status: "completed" })]);
    const late = await openTab();
    expect(late.client.connection.current.state).toBe("idle");
    const seen = watch(late, "a");
    await microtasks();
    expect(late.client.connection.current).toMatchObject({ state: "open", transport: "tab" });
    // The core tells a job again when it is followed once more.
    leader.core.urgent(["job", job("a", { status: "completed", progress: 100 })]);
    await microtasks();
    expect(seen.statuses.at(-1)).toBe("completed 100");
    expect(seen.ends).toEqual(["a"]);
  });

  it("hands each tab only what it wished for", async () => {
    const [leader, tab] = [await openTab(), await openTab()];
    watch(leader, "a");
    const validate = vi.fn(() => ({ value: {} }));
    const picky = await openTab({
      events: { mine: { "~standard": { version: 1, vendor: "me", validate } } } as never,
    });
    picky.client.job("c").subscribe(() => {});
    tab.client.job("b").subscribe(() => {});
    leader.client.on("mine" as never, () => {});
    await microtasks();
    leader.core.urgent(["job", job("a")], ["event", "mine", {}, meta()]);
    await frame();
    expect(leader.client.job("a").current.status).toBe("running");
    expect(tab.client.job("a").current.status).toBe("unknown");
    expect(validate).not.toHaveBeenCalled();
  });

  it("tells a tab of jobs as entities, those that it knew before included", async () => {
    const broadcast = { protocol: "broadcast" } as const;
    const [leader, tab] = [await openTab(broadcast), await openTab(broadcast)];
    tab.client.jobs().subscribe(() => {});
    await microtasks();
    leader.core.urgent(["job", job("a")]);
    await frame();
    const entities = tab.client.entities("job");
    entities.subscribe(() => {});
    expect([...entities.current.keys()]).toEqual(["a"]);
  });

  it("tells of the entities that a tab wished for, and of all that there are when it does", async () => {
    const broadcast = { protocol: "broadcast" } as const;
    const [leader, tab] = [await openTab(broadcast), await openTab(broadcast)];
    const told: unknown[] = [];
    leader.client.entities("track").subscribe(() => {});
    tab.client.entities("playlist").subscribe((map) => told.push(...map.values()));
    tab.client.onAny((event) => told.push(event));
    await microtasks();
    const entity = (kind: string, id: string) => ["entity", { kind, id }];
    leader.core.urgent(entity("track", "1"), entity("playlist", "2"));
    await frame();
    expect(told).toEqual([{ kind: "playlist", id: "2", updatedAt: 1, source: "tab", data: {} }]);
    expect([...leader.client.entities("track").current.values()]).toMatchObject([{ source: "socket" }]);
    const both = tab.client.entities("track");
    both.subscribe(() => {})();
    both.subscribe(() => {});
    await microtasks();
    leader.tab.kill();
    await microtasks();
    tab.client.close();
    await microtasks();
    expect(leader.core.heard("watchEntities")).toEqual([
      ["watchEntities", "track", 1],
      ["watchEntities", "playlist", 1],
      // Not taken back while the other tab follows them; who comes anew is told of all.
      ["watchEntities", "track", 1],
      ["watchEntities", "track", 1],
    ]);
    expect(tab.core.heard("watchEntities")).toEqual([
      ["watchEntities", "playlist", 1],
      ["watchEntities", "track", 1],
    ]);
  });

  it("takes back what a tab wished for, however it ends", async () => {
    const [leader, closing, dying] = [await openTab(), await openTab(), await openTab()];
    for (const { client } of [closing, dying]) {
      client.job("a").subscribe(() => {});
      client.jobs().subscribe(() => {});
    }
    await microtasks();
    closing.client.close();
    await microtasks();
    expect(leader.core.heard("unfollow")).toEqual([["unfollow", "a"]]);
    expect(leader.core.heard("watchAll").at(-1)).toEqual(["watchAll", 1]);
    expect(leader.core.heard("disconnect")).toEqual([]);
    dying.tab.kill();
    await microtasks();
    expect(leader.core.heard("unfollow")).toHaveLength(2);
    expect(leader.core.heard("watchAll").at(-1)).toEqual(["watchAll", 0]);
  });

  it("keeps tokens and headers in the leader's page", async () => {
    const own = { shareAcrossTabs: "user 1", token: () => SECRET };
    const [leader, tab] = [await openTab(own), await openTab(own)];
    watch(leader, "a");
    watch(tab, "a");
    leader.core.sink("token", 1, false);
    await microtasks();
    expect(leader.core.heard("token")).toEqual([["token", 1, SECRET]]);
    leader.tab.kill();
    await microtasks();
    tab.core.sink("token", 1, true);
    await microtasks();
    expect(tab.core.heard("token")).toEqual([["token", 1, SECRET]]);
    expect(origin.said.length).toBeGreaterThan(0);
    expect(JSON.stringify(origin.said)).not.toContain(SECRET);
  });

  it("asks the leader's page for tokens and headers while that page itself is not connected", async () => {
    const polling = { url: "/jobs/{id}", headers: () => ({ "X-Trace": "1" }) };
    const own = { shareAcrossTabs: "user 1", token: () => SECRET, polling };
    const [leader, tab] = [await openTab(own), await openTab(own)];
    watch(tab, "a");
    await microtasks();
    leader.core.sink("token", 1, false);
    leader.core.sink("headers", 1, "https://jobs.test/a");
    await microtasks();
    expect(leader.core.heard("token", "headers")).toHaveLength(2);
    void leader.client.connect();
    leader.client.disconnect();
    await microtasks();
    leader.core.sink("token", 2, true);
    await microtasks();
    expect(leader.core.heard("token")).toHaveLength(2);
  });

  it("takes a batch when any of the tabs has a frame, and only when there is one", async () => {
    const [leader, tab] = [await openTab(), await openTab()];
    watch(tab, "a");
    await microtasks();
    const before = leader.core.heard("take").length;
    leader.core.push(["job", job("a", { progress: 1 })]);
    await frame();
    expect(leader.core.heard("take")).toHaveLength(before + 1);
    expect(tab.client.job("a").current.progress).toBe(1);
  });

  it("shares among clients with the same options and the same text only", async () => {
    const leader = await openTab({ shareAcrossTabs: "user 1" });
    const others = [
      await openTab({ shareAcrossTabs: "user 2" }),
      await openTab({ shareAcrossTabs: "user 1", url: "https://other.test" }),
    ];
    for (const other of others) {
      watch(other, "a");
      expect(other.core.heard("follow")).toHaveLength(1);
    }
    expect(leader.core.messages).toEqual([]);
    const same = await openTab({ shareAcrossTabs: "user 1" });
    watch(same, "a");
    await microtasks();
    expect(leader.core.heard("follow")).toHaveLength(1);
    expect(JSON.stringify(origin.said)).not.toContain("jobs.test");
  });

  it.each<[string, () => void]>([
    ["locks", () => vi.stubGlobal("navigator", {})],
    ["channels", () => vi.stubGlobal("BroadcastChannel", undefined)],
    ["a secure context", () => vi.stubGlobal("isSecureContext", false)],
    [
      "an origin to share with",
      () =>
        vi.stubGlobal("navigator", {
          locks: { query: () => Promise.reject(new DOMException("opaque", "SecurityError")) },
        }),
    ],
  ])("gives each tab its own connection where it finds no %s, and says so once", async (_what, take) => {
    origin.tab().use();
    take();
    const logs: LogEntry[] = [];
    const client = create({ shareAcrossTabs: true, logger: (entry) => logs.push(entry) });
    client.job("a").subscribe(() => {});
    await client.ready;
    expect(newest().heard("follow")).toEqual([["follow", "a"]]);
    expect(logs).toMatchObject([{ level: "info", code: "tabs-unavailable" }]);
    void client.connect();
    expect(logs).toHaveLength(1);
    expect(made).toHaveLength(1);
  });

  describe("when the leader is gone", () => {
    const RID = expect.any(Number) as number;

    it("goes on with the core of another tab, which is told what all of them wish for", async () => {
      const [leader, second, third] = [await openTab(), await openTab(), await openTab()];
      for (const tab of [leader, second, third]) watch(tab, "a");
      third.client.job("b").subscribe(() => {});
      third.client.jobs().subscribe(() => {});
      await microtasks();
      leader.tab.kill();
      await microtasks();
      expect(second.core.heard("follow")).toEqual([
        ["follow", "a"],
        ["follow", "a"],
        ["follow", "b"],
      ]);
      expect(second.core.heard("listen")).toEqual([
        ["listen", "completed", 1],
        ["listen", "completed", 1],
      ]);
      expect(second.core.heard("watchAll")).toEqual([["watchAll", 1]]);
      expect(second.core.heard("connect").length).toBeGreaterThan(0);
      expect(third.core.messages).toEqual([]);
      second.core.urgent(open());
      await microtasks();
      expect(second.client.connection.current.transport).toBe("websocket");
      expect(third.client.connection.current.transport).toBe("tab");
      second.client.close();
      await microtasks();
      expect(third.core.heard("follow")).toEqual([
        ["follow", "a"],
        ["follow", "b"],
      ]);
    });

    it("lets no bar fall back, and tells no end twice", async () => {
      const [leader, second, third] = [await openTab(), await openTab(), await openTab()];
      const going = [second, third].map((tab) => watch(tab, "going"));
      const over = [second, third].map((tab) => watch(tab, "over"));
      await microtasks();
      leader.core.urgent(
        ["job", job("over", { status: "completed", progress: 100 })],
        ["job", job("going", { progress: 60 })],
        ["event", "completed", { jobId: "over" }, meta({ jobId: "over" })],
      );
      await frame();
      leader.tab.kill();
      await microtasks();
      // A core that knows nothing begins with that, and reads what is followed.
      second.core.urgent(
        open(),
        ["job", job("going", { status: "unknown", stale: true })],
        ["job", job("over", { status: "unknown", stale: true })],
      );
      await frame();
      for (const { client } of [second, third]) {
        expect(client.job("going").current).toMatchObject({ status: "running", progress: 60, stale: true });
        expect(client.job("over").current).toMatchObject({ status: "completed", stale: false });
      }
      second.core.urgent(
        ["job", job("over", { status: "completed", progress: 100 })],
        ["job", job("going", { progress: 70 })],
        ["event", "completed", { jobId: "over" }, meta({ jobId: "over" })],
      );
      await frame();
      second.core.urgent(
        ["job", job("going", { status: "completed", progress: 100 })],
        ["event", "completed", { jobId: "going" }, meta({ jobId: "going" })],
      );
      await frame();
      for (const { statuses } of going) {
        expect(statuses).toEqual([
          "unknown - stale",
          "running 60",
          "running 60 stale",
          "running 70",
          "completed 100",
        ]);
      }
      for (const { statuses } of over) expect(statuses).toEqual(["unknown - stale", "completed 100"]);
      for (const { ends } of going) expect(ends).toEqual(["over", "going"]);
    });

    it("tells no end of a broadcast job twice", async () => {
      const broadcast = { protocol: "broadcast", polling: { url: "/jobs/{id}" } } as const;
      const [leader, second] = [await openTab(broadcast), await openTab(broadcast)];
      const ends: unknown[] = [];
      second.client.job("a").subscribe(() => {});
      second.client.on("job_status", ({ status }) => ends.push(status));
      await microtasks();
      const over = job("a", { status: "completed" });
      const told = { ...meta({ jobId: "a" }) };
      leader.core.urgent(
        open(),
        ["job", over],
        ["server event", "job_status", { status: "completed" }, told],
      );
      await microtasks();
      leader.tab.kill();
      await microtasks();
      second.core.urgent(open(), ["job", over], ["own event", "job_status", ["a", 3], "a"]);
      await microtasks();
      expect(ends).toEqual(["completed"]);
    });

    it("asks again what was not answered, and sends nothing twice that may have been sent", async () => {
      const [leader, tab] = [await openTab(), await openTab()];
      watch(tab, "a");
      const answered = tab.client.send("x", 1);
      await microtasks();
      leader.core.reply("send", true, "queued");
      const [refreshed, sent, dropped, inspected] = [
        tab.client.job("a").refresh(),
        tab.client.send("y", 2),
        tab.client.send("z", 3, { volatile: true }),
        tab.client.inspect(),
      ];
      await microtasks();
      expect(await answered).toBe("queued");
      leader.tab.kill();
      await microtasks();
      expect(await dropped).toBe("dropped");
      expect(tab.core.heard("refresh")).toEqual([["refresh", RID, "a"]]);
      expect(tab.core.heard("send", "sendVolatile")).toEqual([["send", RID, "y", "2", undefined, -1]]);
      tab.core.replyJob("refresh", job("a", { progress: 9 }));
      tab.core.reply("send", true, "sent");
      tab.core.reply("inspect", true, [[0, 2, 1, 11, 12, 13, 14, 15, 16, 17, 18, 19], [0], [0], [0]]);
      expect(await refreshed).toMatchObject({ progress: 9 });
      expect(await sent).toBe("sent");
      expect(await inspected).toMatchObject({ state: "open" });
    });

    it("gives up a message that two leaders left unanswered, and goes on", async () => {
      const [first, second, third, last] = [
        await openTab(),
        await openTab(),
        await openTab(),
        await openTab(),
      ];
      for (const one of [third, last]) watch(one, "a");
      const sent = third.client.send("x", 1).catch((error: unknown) => error);
      await microtasks();
      first.tab.kill();
      await microtasks();
      second.tab.kill();
      await microtasks();
      expect(await sent).toMatchObject({ code: "network", retryable: true });
      expect(third.core.heard("send")).toEqual([]);
      expect(third.core.heard("follow")).toHaveLength(2);
    });

    it("says a retry again that no core has carried out", async () => {
      const [leader, tab] = [await openTab(), await openTab()];
      const seen = watch(tab, "a");
      await microtasks();
      leader.core.urgent(open(), ["job", job("a", { status: "failed" })]);
      await microtasks();
      leader.tab.freeze();
      tab.client.job("a").retry();
      leader.tab.kill();
      await microtasks();
      expect(tab.core.heard("retry")).toEqual([["retry", "a"]]);
      tab.core.urgent(open(), ["job", job("a", { status: "failed" })]);
      await microtasks();
      expect(tab.core.heard("retry")).toHaveLength(2);
      tab.core.urgent(["job", job("a", { status: "queued", attempt: 2 })]);
      await frame();
      expect(seen.statuses).toEqual(["unknown - stale", "failed -", "queued - stale", "queued -"]);
    });

    it("says that the connection came back, and what may have been missed", async () => {
      const [leader, tab] = [await openTab(), await openTab()];
      watch(tab, "a");
      const heard: [string, unknown][] = [];
      tab.client.onAny((event, payload) => heard.push([event, payload]));
      await microtasks();
      leader.core.urgent(open(), ["job", job("a", { progress: 10 })]);
      await frame();
      heard.length = 0;
      leader.tab.kill();
      await vi.advanceTimersByTimeAsync(300);
      tab.core.urgent(["status", { state: "connecting" }], ["job", job("a", { status: "unknown" })]);
      await frame();
      tab.core.urgent(open(), ["job", job("a", { progress: 30 })]);
      await frame();
      const told = heard.filter(([event]) => event !== "job");
      expect(told).toEqual([
        ["reconnected", { attempts: 0, downMs: expect.any(Number), transport: "websocket" }],
        ["gap", { jobId: "a", from: expect.any(Number), to: Date.now() - 17, healed: true }],
      ]);
    });

    it("says of one tab's way back that another has it, as its status does", async () => {
      const [leader, tab] = [await openTab(), await openTab()];
      const transports: unknown[] = [];
      const sources: unknown[] = [];
      const note = ({ transport }: { transport: string }, { source }: { source: string }) => {
        transports.push(transport);
        sources.push(source);
      };
      for (const { client } of [leader, tab]) client.on("reconnected", note);
      await microtasks();
      leader.core.urgent(open(), ["own event", "reconnected", [0, 1, 5, 1, 0]]);
      await microtasks();
      expect(transports).toEqual(["polling", "tab"]);
      expect(sources).toEqual(["socket", "tab"]);

      const last = await openTab();
      last.client.on("reconnected", note);
      await microtasks();
      leader.tab.kill();
      await microtasks();
      tab.core.urgent(open());
      await microtasks();
      expect(transports.slice(2)).toEqual(["websocket", "tab"]);
      expect(sources.slice(2)).toEqual(["socket", "tab"]);
    });

    it("counts events on", async () => {
      const [leader, tab] = [await openTab(), await openTab()];
      const seqs: number[] = [];
      tab.client.onAny((_event, _payload, { seq }) => seqs.push(seq));
      await microtasks();
      leader.core.urgent(["event", "x", {}, meta({ seq: 7 })]);
      await microtasks();
      leader.tab.kill();
      await microtasks();
      tab.core.urgent(["event", "x", {}, meta({ seq: 1 })], ["event", "x", {}, meta({ seq: 2 })]);
      await microtasks();
      expect(seqs).toEqual([7, 8, 9]);
    });

    it("is taken over when the page that leads stands still, and stands back when it goes on", async () => {
      const [leader, tab] = [await openTab(), await openTab()];
      for (const one of [leader, tab]) watch(one, "a");
      await microtasks();
      leader.tab.freeze();
      await vi.advanceTimersByTimeAsync(5000);
      expect(tab.core.heard("follow")).toEqual([["follow", "a"]]);
      tab.core.urgent(open());
      leader.tab.thaw();
      await vi.advanceTimersByTimeAsync(10);
      expect(leader.core.heard("shutdown")).toHaveLength(1);
      expect(tab.core.heard("follow")).toHaveLength(2);
      expect(leader.client.connection.current).toMatchObject({ state: "open", transport: "tab" });
      expect(tab.client.connection.current).toMatchObject({ state: "open", transport: "websocket" });
      tab.core.push(["job", job("a", { progress: 12 })]);
      await frame();
      expect(leader.client.job("a").current.progress).toBe(12);
      tab.tab.kill();
      await microtasks();
      expect(newest().heard("follow")).toEqual([["follow", "a"]]);
    });

    it("is left alone as long as it answers", async () => {
      const [leader, tab] = [await openTab(), await openTab()];
      watch(tab, "a");
      await vi.advanceTimersByTimeAsync(60_000);
      expect(leader.core.heard("shutdown")).toEqual([]);
      expect(tab.core.messages).toEqual([]);
      // Whoever looks at a tab has the leader look at its deadlines, which its own timers may be late for.
      expect(leader.core.heard("take").length).toBeGreaterThan(50);
    });
  });

  describe("disconnect()", () => {
    it("takes one tab off, which connect() brings back; the others go on", async () => {
      const [leader, tab] = [await openTab(), await openTab()];
      for (const one of [leader, tab]) watch(one, "a");
      await microtasks();
      leader.core.urgent(open(), ["job", job("a", { progress: 10 })]);
      await frame();
      tab.client.disconnect();
      expect(tab.client.connection.current).toMatchObject({ state: "idle", everConnected: true });
      await frame();
      expect(tab.client.job("a").current).toMatchObject({ progress: 10, stale: true });
      expect(leader.core.heard("unfollow", "disconnect")).toEqual([["unfollow", "a"]]);
      leader.core.urgent(["job", job("a", { progress: 20 })], open({ lastMessageAt: 5 }));
      await frame();
      expect(tab.client.job("a").current.progress).toBe(10);
      expect(tab.client.connection.current.state).toBe("idle");

      void tab.client.connect();
      await microtasks();
      expect(tab.client.connection.current).toMatchObject({ state: "open", transport: "tab" });
      leader.core.urgent(["job", job("a", { progress: 20 })]);
      await frame();
      expect(tab.client.job("a").current).toMatchObject({ progress: 20, stale: false });
    });

    it("of the leader leaves it serving the others; of the last one closes everything", async () => {
      const [leader, tab] = [await openTab(), await openTab()];
      for (const one of [leader, tab]) watch(one, "a");
      await microtasks();
      leader.client.disconnect();
      await microtasks();
      expect(leader.core.heard("disconnect")).toEqual([]);
      leader.core.urgent(open());
      await microtasks();
      expect(leader.client.connection.current.state).toBe("idle");
      expect(tab.client.connection.current.state).toBe("open");
      tab.client.disconnect();
      await microtasks();
      expect(leader.core.heard("disconnect")).toHaveLength(1);
    });

    it("keeps what is sent for connect(), and refuses what waits for a connection", async () => {
      const [leader, tab] = [await openTab(), await openTab()];
      void tab.client.connect();
      await microtasks();
      const waiting = tab.client.connect();
      tab.client.disconnect();
      await expect(waiting).rejects.toMatchObject({ code: "closed" });
      expect(await tab.client.send("a", 1, { supersede: "k" })).toBe("queued");
      expect(await tab.client.send("a", 2, { supersede: "k" })).toBe("queued");
      expect(await tab.client.send("b", 3, { volatile: true })).toBe("dropped");
      await microtasks();
      expect(leader.core.heard("send", "sendVolatile")).toEqual([]);
      void tab.client.connect();
      await microtasks();
      expect(leader.core.heard("send", "sendVolatile")).toEqual([
        ["send", expect.any(Number), "a", "2", "k", 60_000],
      ]);
    });
  });

  describe("what is kept for connect()", () => {
    const sends = ({ core }: Opened) => core.heard("send").map(([, , ...sent]) => sent);

    it("waits until a core serves", async () => {
      const [leader, tab] = [await openTab(), await openTab()];
      tab.client.disconnect();
      expect(await tab.client.send("a", 1)).toBe("queued");
      leader.tab.kill();
      void tab.client.connect();
      void tab.client.send("b", 2);
      await microtasks();
      expect(sends(tab)).toEqual([
        ["a", "1", undefined, 60_000],
        ["b", "2", undefined, -1],
      ]);
    });

    it("waits for the first core as well", async () => {
      const leader = await openTab();
      // It has the lead, and says nothing.
      leader.tab.freeze();
      const late = await openTab();
      late.client.disconnect();
      expect(await late.client.send("a", 1)).toBe("queued");
      void late.client.connect().catch(() => {});
      late.client.disconnect();
      void late.client.connect();
      await microtasks();
      leader.tab.kill();
      await microtasks();
      expect(sends(late)).toEqual([["a", "1", undefined, 60_000]]);
    });

    it("is sent once more when the leader died before it said what became of it", async () => {
      const [leader, tab, third] = [await openTab(), await openTab(), await openTab()];
      third.client.disconnect();
      expect(await third.client.send("a", 1)).toBe("queued");
      expect(await third.client.send("b", 2)).toBe("queued");
      void third.client.connect();
      await microtasks();
      leader.core.urgent(["answer", leader.core.heard("send")[0]?.[1], "sent"]);
      await microtasks();
      leader.tab.kill();
      await microtasks();
      expect(sends(tab)).toEqual([["b", "2", undefined, 60_000]]);
      tab.tab.kill();
      await microtasks();
      expect(sends(third)).toEqual([]);
      expect(third.logs.filter(({ level }) => level === "error")).toEqual([]);
    });

    it("grows old: what is too old is dropped, the rest has what is left of its time", async () => {
      const [leader, tab] = [
        await openTab({ queue: { maxAge: 5000 } }),
        await openTab({ queue: { maxAge: 5000 } }),
      ];
      tab.client.disconnect();
      await tab.client.send("a", 1);
      await tab.client.send("b", 2, { maxAge: 1000 });
      await vi.advanceTimersByTimeAsync(2000);
      void tab.client.connect();
      await microtasks();
      expect(sends(leader)).toEqual([["a", "1", undefined, 3000]]);
    });

    it("gives way to a later message with the same key in the same namespace, which takes its place", async () => {
      const options = { protocol: "socket.io", namespace: "/jobs" } as const;
      const [leader, tab] = [await openTab(options), await openTab(options)];
      const channel = tab.client.channel("/a");
      tab.client.disconnect();
      await tab.client.send("a", 1, { supersede: "k" });
      await channel.send("a", 2, { supersede: "k" });
      await tab.client.send("b", 3);
      await tab.client.send("c", 4, { supersede: "k" });
      void tab.client.connect();
      await microtasks();
      expect(sends(leader).map(([name, data]) => [name, data])).toEqual([
        ["c", "4"],
        ["/a,a", "2"],
        ["b", "3"],
      ]);
    });
  });

  describe("with Socket.IO", () => {
    const socketIo = { protocol: "socket.io", namespace: "/jobs" } as const;
    const bytes = (...list: number[]) => Uint8Array.from(list).buffer;
    const event = (name: string, args: unknown[], more: object = {}) => [
      "socket.io event",
      name,
      args,
      { ...meta(), ...more },
    ];

    it("opens a channel for the first tab and closes it after the last; a late one sees its status", async () => {
      const [leader, tab] = [await openTab(socketIo), await openTab(socketIo)];
      const first = leader.client.channel("/a");
      leader.core.urgent(["channel status", "/a", { state: "open", everConnected: true }]);
      const second = tab.client.channel("/a");
      await microtasks();
      expect(first.connection.current).toMatchObject({ state: "open", transport: "websocket" });
      expect(second.connection.current).toMatchObject({ state: "open", transport: "tab" });
      const other = await openTab(socketIo);
      leader.core.urgent(["channel status", "/a", { state: "waiting", attempt: 1 }]);
      await microtasks();
      expect(second.connection.current.state).toBe("waiting");
      expect(other.client.channel("/b").connection.current.state).toBe("idle");

      first.close();
      await vi.advanceTimersByTimeAsync(1000);
      expect(leader.core.heard("channel")).not.toContainEqual(["channel", "/a", 0]);
      expect(first.connection.current.state).toBe("idle");
      second.close();
      await microtasks();
      expect(leader.core.heard("channel")).toContainEqual(["channel", "/a", 0]);
      leader.core.urgent(["channel status", "/a", { state: "idle" }]);
      await microtasks();
      expect(second.connection.current.state).toBe("idle");
    });

    it("brings attachments to whom they belong, and from them in one piece", async () => {
      const [leader, tab, other] = [
        await openTab(socketIo),
        await openTab(socketIo),
        await openTab(socketIo),
      ];
      const heard: unknown[] = [];
      tab.client.on("file" as never, (file: unknown) => heard.push(file));
      void other.client.connect();
      await microtasks();
      leader.core.sink("attachment", 1, bytes(1, 2));
      leader.core.urgent(event("file", [{ _placeholder: true, num: 0 }], { ids: [1] }));
      await microtasks();
      expect(heard).toEqual([bytes(1, 2)]);

      const answers = [tab, other].map(({ client }) => client.request("ask", bytes(3)));
      await microtasks();
      const parts = leader.core.heard("attach", "request").map(([name]) => name);
      expect(parts).toEqual(["attach", "request", "attach", "request"]);
      leader.core.sink("attachment", 2, bytes(9));
      leader.core.acknowledge([{ _placeholder: true, num: 0 }, "for the other"], [2]);
      await microtasks();
      expect(await answers[1]).toEqual([bytes(9), "for the other"]);
    });

    it("keeps attachments for the event that they belong to, whatever comes before it", async () => {
      const [leader, tab] = [await openTab(socketIo), await openTab(socketIo)];
      const heard: unknown[] = [];
      for (const { client } of [leader, tab]) client.on("file" as never, (file: unknown) => heard.push(file));
      await microtasks();
      const inspected = tab.client.inspect();
      await microtasks();
      // The event waits for its frame; what is asked is answered at once.
      leader.core.sink("attachment", 1, bytes(1, 2));
      leader.core.reply("inspect", true, [[0, 2, 1], [0], [0], [0]]);
      leader.core.urgent(event("file", [{ _placeholder: true, num: 0 }], { ids: [1] }));
      await microtasks();
      expect(await inspected).toMatchObject({ state: "open" });
      expect(heard).toEqual([bytes(1, 2), bytes(1, 2)]);
      // It has been handed out.
      leader.core.urgent(event("file", [{ _placeholder: true, num: 0 }], { ids: [1] }));
      await microtasks();
      expect(heard.slice(2)).toEqual([undefined, undefined]);
    });

    it("does not ask twice what the server may have carried out, nor answers an old event", async () => {
      const [leader, tab] = [await openTab(socketIo), await openTab(socketIo)];
      const replies: ((data?: unknown) => Promise<string>)[] = [];
      tab.client.on("question" as never, (_: unknown, { reply }) => replies.push(reply as never));
      await microtasks();
      leader.core.urgent(event("question", ["?"], { reply: 7 }));
      await microtasks();
      const answered = replies[0]?.("yes");
      await microtasks();
      expect(leader.core.heard("reply")).toEqual([["reply", expect.any(Number), 7, '"yes"']]);
      leader.core.reply("reply", true, "sent");
      expect(await answered).toBe("sent");

      const request = tab.client.request("cancel_job", { job_id: "a" }).catch((error: unknown) => error);
      await microtasks();
      leader.tab.kill();
      await microtasks();
      expect(await request).toMatchObject({ code: "network", retryable: true });
      expect(await replies[0]?.("late")).toBe("dropped");
      tab.core.urgent(event("question", ["?"], { reply: 7 }));
      await microtasks();
      void replies[1]?.("again");
      await microtasks();
      expect(tab.core.heard("request")).toEqual([]);
      expect(tab.core.heard("reply")).toEqual([["reply", expect.any(Number), 7, '"again"']]);
    });

    it("hands on the events of a channel to the tabs that listen there", async () => {
      const [leader, tab] = [await openTab(socketIo), await openTab(socketIo)];
      const heard: string[] = [];
      const channel = tab.client.channel("/a");
      channel.onAny((name) => heard.push(name));
      channel.on("playback_play", () => heard.push("mine"));
      tab.client.on("file" as never, () => heard.push("home"));
      await microtasks();
      leader.core.urgent(event("/a,playback_play", []), event("file", []), event("/b,file", []));
      await microtasks();
      expect(heard).toEqual(["mine", "playback_play", "home"]);
    });
  });
});
