import { beforeEach, describe, expect, it, vi } from "vitest";
import { unknownJob } from "../../../pkg-template/src/index.js";
import type { Job } from "../../../pkg-template/src/index.js";
import { collectReports, frame, job, microtasks, open } from "../support.js";

/** The number of problems.ts. */
const READ_NOT_FOUND = 18;

async function start() {
  const opened = await open();
  vi.useFakeTimers();
  return opened;
}

describe("a job", () => {
  it("is unknown at first, and the same object while nothing changes", async () => {
    const { client } = await start();
    expect(client.job("a").current).toEqual(unknownJob("a"));
    expect(client.job("a").current).toBe(client.job("a").current);
    expect(() => client.job("")).toThrow(expect.objectContaining({ code: "config" }));
  });

  it("calls back at once, then at most once a frame with the newest", async () => {
    const { client, core } = await start();
    const seen: Job[] = [];
    client.job("a").subscribe((it) => seen.push(it));
    for (const progress of [1, 2, 3]) core.push(["job", job("a", { progress })]);
    await microtasks();
    expect(seen.map(({ status }) => status)).toEqual(["unknown"]);
    await frame();
    expect(seen.map(({ progress }) => progress)).toEqual([undefined, 3]);
    expect(client.job("a").current).toBe(seen[1]);
    expect(core.heard("take")).toHaveLength(1);
  });

  it("tells its end at once, even before older news", async () => {
    const { client, core } = await start();
    const seen: string[] = [];
    client.job("a").subscribe(({ status }) => seen.push(status));
    core.urgent(["job", job("a")], ["job", job("a", { status: "completed" })]);
    expect(seen).toEqual(["unknown", "completed"]);
    await frame();
    expect(seen).toHaveLength(2);
  });

  it("shows what was told, not what waits", async () => {
    const { client, core } = await start();
    client.job("a").subscribe(() => {});
    core.urgent(["job", job("a", { progress: 7 })]);
    expect(client.job("a").current.status).toBe("unknown");
    await frame();
    expect(client.job("a").current.progress).toBe(7);
  });

  it("is followed once for all handles and let go with the last", async () => {
    const { client, core } = await start();
    const first = client.job("a").subscribe(() => {});
    const second = client.job("a").subscribe(() => {});
    first();
    first();
    expect(core.heard("follow", "unfollow")).toEqual([["follow", "a"]]);
    second();
    second();
    expect(core.heard("follow", "unfollow")).toEqual([
      ["follow", "a"],
      ["unfollow", "a"],
    ]);
  });

  it("needs no timer", async () => {
    const { client, core } = await start();
    void client.connect();
    // That of the heartbeat.
    const before = vi.getTimerCount();
    const stops = Array.from({ length: 100 }, (_, i) => client.job(`j${i}`).subscribe(() => {}));
    for (const stop of stops) stop();
    expect(core.heard("unfollow")).toHaveLength(100);
    expect(vi.getTimerCount()).toBe(before);
  });

  it("keeps its last state for whoever comes back", async () => {
    const { client, core } = await start();
    const stop = client.job("a").subscribe(() => {});
    core.urgent(["job", job("a", { status: "failed" })]);
    stop();
    await vi.advanceTimersByTimeAsync(2000);
    expect(client.job("a").current.status).toBe("failed");
  });

  it("a retried job is queued at once, so that done() waits for the new end", async () => {
    const { client, core } = await start();
    const handle = client.job("a");
    handle.subscribe(() => {});
    core.urgent(["job", job("a", { status: "failed" })]);
    handle.retry();
    expect(handle.current).toMatchObject({ status: "queued", attempt: 2 });
    const done = handle.done();
    core.urgent(["job", job("a", { status: "completed", attempt: 2 })]);
    expect(await done).toMatchObject({ status: "completed", attempt: 2 });
  });

  it("refreshes over HTTP, and asks for a new attempt", async () => {
    const { client, core } = await start();
    const refreshed = client.job("a").refresh();
    const answer = job("a", { progress: 40, source: "polling" });
    core.replyJob("refresh", answer);
    expect(await refreshed).toEqual(answer);
    expect(client.job("a").current).toEqual(answer);
    client.job("a").retry();
    expect(core.heard("retry")).toEqual([["retry", "a"]]);
    const refused = client.job("b").refresh();
    core.reply("refresh", false, READ_NOT_FOUND, "404");
    await expect(refused).rejects.toMatchObject({
      code: "protocol",
      message: "The server answered the read with HTTP 404.",
      retryable: false,
      remedy: "Check the job's id and the `polling.url` option.",
    });
  });

  it("stays apart from a listener that throws", async () => {
    const reports = collectReports();
    const { client, core } = await start();
    const seen = vi.fn();
    client.job("a").subscribe((it) => {
      if (it.status === "running") throw new Error("mine");
    });
    client.job("a").subscribe(seen);
    core.push(["job", job("a")]);
    await frame();
    expect(seen).toHaveBeenCalledTimes(2);
    expect(reports).toHaveLength(1);
  });
});

describe("done()", () => {
  it.each(["completed", "failed", "cancelled"] as const)("resolves when the job is %s", async (status) => {
    const { client, core } = await start();
    const done = client.job("a").done();
    core.urgent(["job", job("a", { progress: 5 })]);
    await frame();
    core.urgent(["job", job("a", { status })]);
    expect((await done).status).toBe(status);
    expect((await client.job("a").done()).status).toBe(status);
    await vi.advanceTimersByTimeAsync(1100);
    expect(core.heard("follow", "unfollow").map(([name]) => name)).toEqual(["follow", "unfollow"]);
  });

  it("rejects with the signal's reason", async () => {
    const { client, core } = await start();
    const abort = new AbortController();
    const done = client.job("a").done({ signal: abort.signal });
    const reason = new Error("navigated away");
    abort.abort(reason);
    await expect(done).rejects.toBe(reason);
    await expect(client.job("a").done({ signal: abort.signal })).rejects.toBe(reason);
    await vi.advanceTimersByTimeAsync(1100);
    expect(core.heard("unfollow")).toHaveLength(1);
  });

  it("of three thousand handles ends with its own handle, or with the client", async () => {
    const { client } = await start();
    const handles = Array.from({ length: 3000 }, (_, n) => client.job(`j${n}`));
    const ends = handles.map((handle) => handle.done().catch(({ code }: { code: string }) => code));
    for (const handle of handles.slice(1)) handle.close();
    client.close();
    expect(new Set(await Promise.all(ends))).toEqual(new Set(["closed"]));
  });

  it("rejects when its handle is closed; other handles go on", async () => {
    const { client, core } = await start();
    const mine = client.job("a");
    const other = vi.fn();
    client.job("a").subscribe(other);
    const done = mine.done();
    const own = vi.fn();
    mine.subscribe(own);
    mine.close();
    mine.close();
    await expect(done).rejects.toMatchObject({ code: "closed" });
    core.push(["job", job("a")]);
    await frame();
    expect(own).toHaveBeenCalledTimes(1);
    expect(other).toHaveBeenCalledTimes(2);
  });
});

describe("iterating", () => {
  const collect = async (jobs: AsyncIterable<Job>, each?: () => Promise<void>) => {
    const seen: unknown[] = [];
    for await (const { progress, status } of jobs) {
      seen.push(progress ?? status);
      await each?.();
    }
    return seen;
  };

  it("yields changes up to the end", async () => {
    const { client, core } = await start();
    const all = collect(client.job("a"));
    for (const progress of [1, 2]) {
      core.push(["job", job("a", { progress })]);
      await frame();
    }
    core.urgent(["job", job("a", { status: "completed" })]);
    expect(await all).toEqual([1, 2, "completed"]);
    await vi.advanceTimersByTimeAsync(1100);
    expect(core.heard("unfollow")).toHaveLength(1);
  });

  it("gives a slow consumer the newest, and the end for certain", async () => {
    const { client, core } = await start();
    let go = () => {};
    const all = collect(client.job("a"), () => new Promise((resolve) => (go = resolve)));
    core.push(["job", job("a", { progress: 1 })]);
    await frame();
    for (const progress of [2, 3, 4]) {
      core.push(["job", job("a", { progress })]);
      await frame();
    }
    go();
    await microtasks();
    core.urgent(["job", job("a", { status: "failed" })]);
    core.urgent(["job", job("a", { attempt: 2, progress: 0 })]);
    await frame();
    for (let i = 0; i < 3; i++) {
      go();
      await microtasks();
    }
    expect(await all).toEqual([1, 4, "failed"]);
  });

  it("lets go when it is left, and rejects when the client closes", async () => {
    const { client, core } = await start();
    core.urgent(["job", job("a", { progress: 1 })]);
    for await (const { progress } of client.job("a")) {
      expect(progress).toBe(1);
      break;
    }
    await vi.advanceTimersByTimeAsync(1100);
    expect(core.heard("unfollow")).toHaveLength(1);
    const all = collect(client.job("b"));
    client.close();
    await expect(all).rejects.toMatchObject({ code: "closed" });
  });
});

describe("jobs()", () => {
  let client: Awaited<ReturnType<typeof start>>["client"];
  let core: Awaited<ReturnType<typeof start>>["core"];
  beforeEach(async () => {
    ({ client, core } = await start());
  });
  const ids = (jobs: readonly Job[]) => jobs.map(({ id }) => id);

  it("is every known job, and asks the core for all of them", async () => {
    client.job("unheard-of");
    const seen: string[][] = [];
    const stop = client.jobs().subscribe((all) => seen.push(ids(all)));
    core.push(["job", job("a")], ["job", job("b")]);
    await frame();
    expect(seen).toEqual([[], ["a", "b"]]);
    stop();
    expect(core.heard("watchAll")).toEqual([
      ["watchAll", 1],
      ["watchAll", 0],
    ]);
  });

  it("filters by status, ids and predicate", () => {
    core.urgent(
      ["job", job("a", { progress: 5 })],
      ["job", job("b", { status: "failed" })],
      ["job", job("c", { status: "queued" })],
    );
    expect(ids(client.jobs({ status: "failed" }).current)).toEqual(["b"]);
    expect(ids(client.jobs({ status: ["queued", "running"] }).current)).toEqual(["a", "c"]);
    expect(ids(client.jobs({ ids: ["c", "a", "x", "c"] }).current)).toEqual(["c", "a"]);
    expect(ids(client.jobs({ predicate: ({ progress }) => progress === 5 }).current)).toEqual(["a"]);
  });

  it("keeps the array while nothing in it changes", async () => {
    const failed = client.jobs({ status: "failed" });
    core.urgent(["job", job("a", { status: "failed" })]);
    const before = failed.current;
    const heard = vi.fn();
    failed.subscribe(heard);
    core.push(["job", job("b")]);
    await frame();
    expect(failed.current).toBe(before);
    expect(heard).toHaveBeenCalledTimes(1);
  });

  it("follows the ids it is asked for while somebody subscribes", async () => {
    const store = client.jobs({ ids: ["a", "b"] });
    const stops = [store.subscribe(() => {}), store.subscribe(() => {})];
    expect(core.heard("follow")).toEqual([
      ["follow", "a"],
      ["follow", "b"],
    ]);
    for (const stop of stops) stop();
    await vi.advanceTimersByTimeAsync(1100);
    expect(core.heard("unfollow")).toHaveLength(2);
    expect(core.heard("watchAll")).toEqual([]);
  });

  it("tells an end at once, once a batch", () => {
    const heard = vi.fn();
    client.jobs().subscribe(heard);
    core.urgent(["job", job("a", { status: "completed" })], ["job", job("b", { status: "failed" })]);
    expect(heard).toHaveBeenCalledTimes(2);
    expect(ids(heard.mock.lastCall?.[0])).toEqual(["a", "b"]);
  });

  it("tells ends that come apart in one frame with the first of them and with the next frame", async () => {
    const heard = vi.fn();
    client.jobs().subscribe(heard);
    for (let n = 0; n < 100; n++) core.urgent(["job", job(`j${n}`, { status: "completed" })]);
    expect(heard).toHaveBeenCalledTimes(2);
    await frame();
    expect(heard).toHaveBeenCalledTimes(3);
    expect(heard.mock.lastCall?.[0]).toHaveLength(100);
    core.urgent(["job", job("last", { status: "completed" })]);
    expect(heard).toHaveBeenCalledTimes(3);
    await frame();
    expect(heard).toHaveBeenCalledTimes(4);
  });

  it("looks at the lists that a job is in, however many others there are", () => {
    const looks = { a: 0, b: 0, all: 0 };
    const look = (name: keyof typeof looks) => () => {
      looks[name] += 1;
      return true;
    };
    client.jobs({ ids: ["a", "x"], predicate: look("a") }).subscribe(() => {});
    client.jobs({ ids: ["b"], predicate: look("b") }).subscribe(() => {});
    const stop = client.jobs({ predicate: look("all") }).subscribe(() => {});
    core.urgent(["job", job("a", { status: "completed" })]);
    expect(looks).toEqual({ a: 1, b: 0, all: 1 });
    stop();
    core.urgent(["job", job("b", { status: "completed" })]);
    expect(looks).toEqual({ a: 1, b: 1, all: 1 });
  });

  it("forgets those that nobody has followed for longest, and takes the same time for each", () => {
    const known = () => ids(client.jobs().current);
    const stop = client.job("first").subscribe(() => {});
    core.urgent(["job", job("first")], ["job", job("second")]);
    // With 10,000 that are followed, and as many that come and go.
    for (let n = 2; n < 10_000; n++) client.job(`held-${n}`).subscribe(() => {});
    stop();
    core.urgent(["job", job("third")]);
    expect(known()).toEqual(["first", "third"]);
    for (let n = 0; n < 30_000; n++) core.urgent(["job", job(`j${n}`)]);
    expect(known()).toEqual(["j29998", "j29999"]);
  });

  it("is remembered up to so many characters of all texts, followed jobs for certain", () => {
    const message = "x".repeat(65_000);
    client.job("kept").subscribe(() => {});
    core.urgent(["job", job("kept", { message })]);
    for (let n = 0; n < 600; n++)
      core.urgent(["job", job(`j${n}`, { message, error: { message, retryable: true } })]);
    const all = client.jobs().current;
    expect(all.length * 65_000).toBeLessThan(16 << 20);
    expect(all.length).toBeGreaterThan(100);
    expect(ids(all)).toContain("kept");
    expect(ids(all)).toContain("j599");
    // Those that became short leave room for others.
    for (const { id } of all) core.urgent(["job", job(id)]);
    for (let n = 0; n < 1000; n++) core.urgent(["job", job(`short${n}`)]);
    expect(client.jobs().current).toHaveLength(all.length + 1000);
  });

  it("is remembered up to a bound, followed jobs for certain", () => {
    client.job("kept").subscribe(() => {});
    for (let i = 0; i < 11; i++) {
      core.urgent(...Array.from({ length: 1000 }, (_, n) => ["job", job(`j${i}-${n}`)]));
    }
    core.urgent(["job", job("kept", { status: "completed" })]);
    const all = client.jobs().current;
    expect(all.length).toBeLessThanOrEqual(10_000);
    expect(ids(all)).toContain("kept");
    expect(ids(all)).toContain("j10-999");
  });
});
