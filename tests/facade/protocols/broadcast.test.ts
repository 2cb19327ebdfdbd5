import { describe, expect, it, vi } from "vitest";
import type { Entity, JobsClient } from "../../../pkg-template/src/index.js";
import type { FakeCore } from "../fake/core.js";
import { create, frame, job, meta, microtasks, newest, open } from "../support.js";

const broadcast = { protocol: "broadcast" } as const;

const entity = (id: string, more: object = {}) => ["entity", { kind: "track", id, ...more }];

/** What the core was told to follow, and no more. */
const watched = (core: FakeCore) => core.heard("watchEntities").map(([, kind, flag]) => [kind, flag]);

describe("the options of broadcast", () => {
  const config = async (more: object = {}) => (await open({ ...broadcast, ...more })).core.config;
  const usual = {
    urls: ["s://jobs.test"],
    protocol: 1,
    path: "/",
    interval: 0,
    attempts: 1e9,
    maxDelay: 30_000,
    heartbeatInterval: 0,
    intervals: '{"metric_update":1000,"analytics_updated":1}',
    transports: 0,
    reconnectOff: 0,
    token: 0,
    headers: 0,
    onInvalid: 0,
  };

  it("have presets of their own", async () => {
    expect(await config()).toEqual(usual);
    expect(await config({ polling: { url: "/jobs/{id}" } })).toEqual({
      ...usual,
      pollingUrl: "/jobs/{id}",
      interval: 3000,
    });
    expect(await config({ polling: false })).toEqual(usual);
    expect(
      await config({
        path: "/ws",
        polling: { url: "/jobs/{id}", interval: 7 },
        reconnect: { attempts: 2, maxDelay: 6 },
        heartbeat: { interval: 5, timeout: 4 },
      }),
    ).toEqual({
      ...usual,
      path: "/ws",
      pollingUrl: "/jobs/{id}",
      interval: 7,
      attempts: 2,
      maxDelay: 6,
      heartbeatInterval: 5,
      timeout: 4,
    });
  });

  it("say what a server calls otherwise, and how often an event is wanted", async () => {
    const map = { fields: { jobId: "job" }, events: { finished: "batch_complete" } } as const;
    expect(await config({ map, intervals: { metric_update: 0, mine: 2.5 } })).toEqual({
      ...usual,
      mapFields: '{"jobId":"job"}',
      mapEvents: '{"finished":"batch_complete"}',
      intervals: '{"metric_update":0,"analytics_updated":1,"mine":2.5}',
    });
    expect(await config({ map: {}, intervals: {} })).toEqual(usual);
    expect(await config({ intervals: { metric_update: undefined as never } })).toEqual(usual);
  });

  it("whose intervals belong to events that are called like other options", async () => {
    const intervals = { url: 1, headers: 2, jitter: 3, attempts: 4 };
    expect(await config({ intervals })).toMatchObject({
      intervals: JSON.stringify({ metric_update: 1000, analytics_updated: 1, ...intervals }),
    });
  });

  it("have one path for all jobs", async () => {
    const client = create({ ...broadcast, path: "/jobs/{id}" });
    await expect(client.connect()).rejects.toMatchObject({
      name: "JobsError",
      code: "config",
      message: expect.stringContaining("The option path takes no {id}") as string,
    });
    expect(client.connection.current).toMatchObject({ state: "failed", error: { code: "config" } });
  });
});

describe("entities", () => {
  it("are told as maps, once a frame, the same while nothing changes", async () => {
    const { client, core } = await open(broadcast);
    vi.useFakeTimers();
    const store = client.entities("track");
    expect(client.entities("track")).toBe(store);
    const told: ReadonlyMap<string, Entity>[] = [];
    store.subscribe((map) => told.push(map));
    expect(told).toEqual([new Map()]);

    core.push(entity("1", { status: "pending" }), entity("2"), entity("1", { status: "analyzed" }));
    core.push(["entity", { kind: "playlist", id: "1" }]);
    await frame();
    expect(told).toHaveLength(2);
    expect([...(told[1]?.keys() ?? [])]).toEqual(["1", "2"]);
    expect(told[1]?.get("1")?.status).toBe("analyzed");
    expect(store.current).toBe(told[1]);

    // Told anew as when somebody else follows, and nothing of it is new.
    core.push(entity("1", { status: "analyzed" }), entity("2"));
    await frame();
    expect(told).toHaveLength(2);

    core.push(entity("2", { updatedAt: 2 }));
    await frame();
    expect(told).toHaveLength(3);
    expect(told[2]?.get("1")).toBe(told[1]?.get("1"));
    expect(told[1]?.get("2")?.updatedAt).toBe(1);
    expect([...store.current.keys()]).toEqual(["1", "2"]);
  });

  it("are called in the singular or in the plural", async () => {
    const { client } = await open(broadcast);
    expect(client.entities("tracks")).toBe(client.entities("track"));
    expect(client.entities("jobs")).toBe(client.entities("job"));
  });

  it("are jobs as well, those that were known before included", async () => {
    const { client, core } = await open(broadcast);
    vi.useFakeTimers();
    const stop = client.jobs().subscribe(() => {});
    core.push(["job", job("7", { status: "running", progress: 40 })], ["job", job("8")]);
    await frame();
    const store = client.entities("job");
    const told: ReadonlyMap<string, Entity>[] = [];
    const leave = store.subscribe((map) => told.push(map));
    expect([...(told[0]?.keys() ?? [])]).toEqual(["7", "8"]);
    expect(store.current.get("7")).toMatchObject({ id: "7", kind: "job", status: "running" });
    expect(store.current.get("7")?.data).toBe(client.job("7").current);

    core.push(["job", job("7", { status: "completed", progress: 100 })]);
    await frame();
    expect(told).toHaveLength(2);
    expect(store.current.get("7")?.status).toBe("completed");
    expect(store.current.get("8")).toBe(told[0]?.get("8"));

    stop();
    leave();
    expect(core.heard("watchAll").map(([, flag]) => flag)).toEqual([1, 0]);
    expect(watched(core)).toEqual([]);
  });

  it("have every member, with names in camelCase, and none that is null", async () => {
    const { client, core } = await open(broadcast);
    vi.useFakeTimers();
    const store = client.entities("track");
    store.subscribe(() => {});
    const data = { track_id: 1, artist: { full_name: "x" } };
    const status = { status: "completed", previousStatus: "enriching" };
    core.push(entity("1", { ...status, updatedAt: 9, source: "polling", data }), entity("2"));
    await frame();
    expect(store.current.get("1")).toStrictEqual({
      id: "1",
      kind: "track",
      status: "completed",
      previousStatus: "enriching",
      updatedAt: 9,
      source: "polling",
      data: { trackId: 1, artist: { fullName: "x" } },
    });
    expect(store.current.get("2")).toStrictEqual({
      id: "2",
      kind: "track",
      updatedAt: 1,
      source: "socket",
      data: {},
    });
  });

  it("are followed while somebody subscribes", async () => {
    const { client, core } = await open(broadcast);
    const [first, second] = [1, 2].map(() => client.entities("track").subscribe(() => {}));
    const other = client.entities("playlist").subscribe(() => {});
    first?.();
    first?.();
    expect(watched(core)).toEqual([
      ["track", 1],
      ["playlist", 1],
    ]);
    second?.();
    other();
    expect(watched(core).slice(2)).toEqual([
      ["track", 0],
      ["playlist", 0],
    ]);
    client.entities("track").subscribe(() => {});
    expect(watched(core).slice(4)).toEqual([["track", 1]]);
  });

  it("that nobody subscribes to are not followed, whoever looks at them or whatever is still told of them", async () => {
    const client = create(broadcast);
    const store = client.entities("track");
    expect(store.current.size).toBe(0);
    expect(store.current).toBe(store.current);
    await microtasks();
    expect(newest()).toBeUndefined();
    await client.ready;
    const core = newest();
    vi.useFakeTimers();
    store.subscribe(() => {})();
    core.push(entity("1"), entity("1", { data: null }), entity("2"));
    await frame();
    expect([...store.current.keys()]).toEqual(["2"]);
    expect(watched(core)).toEqual([
      ["track", 1],
      ["track", 0],
    ]);
  });

  it("stay when another core begins", async () => {
    const { client, core } = await open(broadcast);
    vi.useFakeTimers();
    const store = client.entities("track");
    store.subscribe(() => {});
    core.push(entity("1"));
    await frame();
    core.fault = new Error("dead");
    client.disconnect();
    vi.useRealTimers();
    await client.ready;
    vi.useFakeTimers();
    newest().push(entity("2"));
    await frame();
    expect([...store.current.keys()]).toEqual(["1", "2"]);
  });

  it("are told once, however many cores there were", async () => {
    const { client, core } = await open(broadcast);
    vi.useFakeTimers();
    const told: string[][] = [];
    client.entities("job").subscribe((map) => told.push([...map.keys()]));
    core.fault = new Error("dead");
    client.disconnect();
    vi.useRealTimers();
    await client.ready;
    vi.useFakeTimers();
    newest().push(["job", job("7")]);
    await frame();
    expect(told).toEqual([[], ["7"]]);
  });

  it("go when the core forgets them", async () => {
    const { client, core } = await open(broadcast);
    vi.useFakeTimers();
    const store = client.entities("track");
    store.subscribe(() => {});
    core.push(entity("1"), entity("2"), entity("1", { data: null }));
    await frame();
    const now = store.current;
    expect([...now.keys()]).toEqual(["2"]);
    core.push(entity("1", { data: null }));
    await frame();
    expect(store.current).toBe(now);
    core.push(entity("2", { data: null }), entity("2", { updatedAt: 3 }));
    await frame();
    expect(store.current.get("2")?.updatedAt).toBe(3);
  });

  it("are told no more after close()", async () => {
    const { client, core } = await open(broadcast);
    vi.useFakeTimers();
    const heard = vi.fn();
    const store = client.entities("track");
    store.subscribe(heard);
    core.push(entity("1"));
    client.close();
    await frame();
    expect(heard).toHaveBeenCalledTimes(1);
    expect(store.current.size).toBe(0);
  });

  it.each(["stream", "socket.io"] as const)("are none with %s, and load nothing", async (protocol) => {
    const client: JobsClient = create({ protocol });
    const heard = vi.fn();
    client.entities("track").subscribe(heard);
    expect(client.entities("track").current.size).toBe(0);
    await microtasks();
    expect(heard).toHaveBeenCalledOnce();
    expect(newest()).toBeUndefined();
  });
});

describe("a job of broadcast", () => {
  it("has counts", async () => {
    const { client, core } = await open(broadcast);
    const counts = { total: 10, processed: 4, succeeded: 3, failed: 1 };
    const known = job("a", { progress: 40, counts });
    const failed = job("b", {
      status: "failed",
      error: { message: "disk full", retryable: true, stage: "2" },
      counts: { processed: 0 },
    });
    core.urgent(["job", known], ["job", failed], ["job", job("c")]);
    expect(client.job("a").current).toStrictEqual(known);
    expect(client.job("b").current).toStrictEqual(failed);
    expect(client.job("c").current).not.toHaveProperty("counts");
  });
});

describe("events of broadcast", () => {
  it("have members in camelCase where the core knows them, else as they came", async () => {
    const { client, core } = await open(broadcast);
    const heard: unknown[] = [];
    client.onAny((name, payload) => heard.push([name, payload]));
    core.urgent(
      ["server event", "track_enriched", { track_id: 1 }, meta()],
      ["event", "mine", { some_name: 1 }, meta()],
    );
    expect(heard).toEqual([
      ["track_enriched", { trackId: 1 }],
      ["mine", { some_name: 1 }],
    ]);
  });

  it("that end a job which was read tell of it as the server's would", async () => {
    const { client, core } = await open(broadcast);
    const heard: unknown[] = [];
    client.onAny((name, payload, { jobId, source }) => heard.push([name, payload, jobId, source]));
    const counted = ["a", 4, 50, 1, 9, 1, 0, null, 2.5, "2", "why", null, "disk full", 0, null, 4, 2, 1, 1];
    core.urgent(
      ["own event", "job_status", counted, "a"],
      [
        "own event",
        "enrichment_job_completed",
        ["b", 3, null, 1, 9, 1, 0, null, null, null, null, "/r"],
        "b",
      ],
      ["own event", "gap", [0, 1, 2, 1], "b"],
    );
    const progress = { tracksProcessed: 2, tracksSucceeded: 1, tracksFailed: 1, total: 4 };
    expect(heard).toEqual([
      [
        "job_status",
        {
          ...{ jobId: "a", status: "failed", progress, phase: "2", message: "why", error: "disk full" },
          durationSeconds: 2.5,
        },
        "a",
        "socket",
      ],
      ["enrichment_job_completed", { jobId: "b", status: "completed", resultUrl: "/r" }, "b", "socket"],
      ["gap", { jobId: "b", from: 1, to: 2, healed: true }, "b", "socket"],
    ]);
  });

  it("need no channel, and there is none", async () => {
    const { client } = await open(broadcast);
    expect(() => client.channel("/a")).toThrow("This protocol has no channels.");
    await expect(client.request("x")).rejects.toMatchObject({ code: "config" });
  });
});
