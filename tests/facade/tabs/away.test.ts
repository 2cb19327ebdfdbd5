/** Pages that go away and come back: each tab alone, since in one process all clients share the page's events. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openCore } from "../../../pkg-template/src/runtime/host.js";
import { resolveOptions } from "../../../pkg-template/src/client/options.js";
import { Post } from "../../../pkg-template/src/wire/messages.js";
import type { Core } from "../../../pkg-template/src/wire/messages.js";
import { made } from "../fake/core.js";
import type { FakeCore } from "../fake/core.js";
import { Origin } from "../fake/tabs.js";
import type { Tab } from "../fake/tabs.js";
import { job, microtasks, newest } from "../support.js";

const [PAGESHOW, RESUME, FOCUS] = [1, 2, 4];
const BATCH = 1;

let origin: Origin;
let opened: Core[] = [];

interface Opened {
  tab: Tab;
  core: Core;
  standby: FakeCore;
  /** Records of its batches, oldest first. */
  told: unknown[][];
  warnings: unknown[][];
}

async function openTab(): Promise<Opened> {
  const tab = origin.tab();
  const told: unknown[][] = [];
  const warnings: unknown[][] = [];
  tab.use();
  const core = await openCore(
    resolveOptions({ url: "https://jobs.test", protocol: "stream" })(),
    {
      protocol: "stream",
      shareAcrossTabs: true,
      secrets: { clean: (value) => value, cleanRecord: (record) => record },
    },
    (kind, _n, value) => kind === BATCH && told.push(...(JSON.parse(`[${value as string}]`) as unknown[][])),
    (...warning) => warnings.push(warning),
  );
  opened.push(core);
  const standby = newest();
  await microtasks();
  return { tab, core, standby, told, warnings };
}

/** Follows a job and wants to be connected, as the facade says it. */
async function follow({ core }: Opened, id: string) {
  core(Post.Connect, 1);
  core(Post.Follow, 0, id);
  await microtasks();
}

const OPEN = ["status", { state: "open", everConnected: true }];
const states = ({ told }: Opened) => told.filter(([record]) => record === 2).map(([, state]) => state);

beforeEach(() => {
  vi.useFakeTimers();
  origin = new Origin();
});
afterEach(() => {
  for (const core of opened) core(Post.Shutdown);
  opened = [];
});

describe("a page that goes away", () => {
  it("hands the lead over at once, and comes back as one that follows", async () => {
    const [leader, tab] = [await openTab(), await openTab()];
    for (const one of [leader, tab]) await follow(one, "a");
    leader.standby.urgent(OPEN, ["job", job("a", { progress: 5 })]);
    leader.core(Post.Suspend);
    expect(leader.standby.heard("shutdown")).toHaveLength(1);
    await microtasks();
    expect(tab.standby.heard("follow")).toEqual([["follow", "a"]]);
    // Shown as suspended, what it knows as old.
    expect(states(leader)).toEqual([2, 5]);
    const [, id, status, progress, , , , stale] = leader.told.at(-1) as unknown[];
    expect([id, status, progress, stale]).toEqual(["a", 2, 5, 1]);
    tab.standby.urgent(OPEN);

    leader.tab.use();
    leader.core(Post.Wake, PAGESHOW);
    await microtasks();
    expect(tab.standby.heard("follow")).toHaveLength(2);
    expect(states(leader)).toEqual([2, 5, 2]);
    tab.standby.urgent(["job", job("a", { progress: 8 })]);
    await microtasks();
    expect(leader.told.at(-1)?.slice(0, 4)).toEqual([0, "a", 2, 8]);
  });

  it("takes its wishes along, and brings them back", async () => {
    const [leader, tab] = [await openTab(), await openTab()];
    for (const one of [leader, tab]) await follow(one, "a");
    tab.core(Post.Suspend);
    tab.core(Post.Suspend);
    await microtasks();
    expect(leader.standby.heard("unfollow")).toEqual([["unfollow", "a"]]);
    // Not every sign of life is a return.
    tab.core(Post.Wake, FOCUS);
    await microtasks();
    expect(leader.standby.heard("follow")).toHaveLength(2);
    tab.tab.use();
    tab.core(Post.Wake, RESUME);
    await microtasks();
    expect(leader.standby.heard("follow")).toHaveLength(3);
    expect(made).toHaveLength(2);
  });

  it("alone leads again when it is back", async () => {
    const only = await openTab();
    await follow(only, "a");
    only.core(Post.Suspend);
    await microtasks();
    expect(origin.holder(/^jobwire/)).toBeUndefined();
    expect(origin.channels.size).toBe(0);
    only.tab.use();
    only.core(Post.Wake, PAGESHOW);
    await microtasks();
    expect(newest()).not.toBe(only.standby);
    expect(newest().heard("follow")).toEqual([["follow", "a"]]);
  });

  it("may go again before it is quite back, or be closed", async () => {
    const only = await openTab();
    await follow(only, "a");
    for (const last of [Post.Suspend, Post.Shutdown] as const) {
      only.core(Post.Suspend);
      only.tab.use();
      only.core(Post.Wake, PAGESHOW);
      only.core(last);
      await microtasks();
      expect(origin.holder(/^jobwire/)).toBeUndefined();
      expect(origin.channels.size).toBe(0);
      expect(newest().heard("follow")).toEqual(newest() === only.standby ? [["follow", "a"]] : []);
    }
    for (const core of made) expect(core.heard("shutdown")).toHaveLength(1);
  });

  it("says so when its core does not start again", async () => {
    const only = await openTab();
    only.core(Post.Connect, 1);
    await microtasks();
    only.core(Post.Suspend);
    // The glue stays loaded; a worker, for one, may be refused all the same.
    vi.spyOn(Math, "random").mockImplementation(() => {
      throw new Error("no more");
    });
    only.tab.use();
    only.core(Post.Wake, PAGESHOW);
    await microtasks();
    expect(only.warnings).toMatchObject([["core-died", expect.stringContaining("no more"), "error"]]);
    only.core(Post.Wake, PAGESHOW);
    only.core(Post.Follow, 0, "b");
    await microtasks();
    expect(made).toHaveLength(1);
  });
});

describe("a core that dies", () => {
  it("takes its tab out of the group, and the next one leads", async () => {
    const [leader, tab] = [await openTab(), await openTab()];
    for (const one of [leader, tab]) await follow(one, "a");
    vi.spyOn(leader.standby, "hear").mockImplementation(() => {
      throw new Error("unreachable");
    });
    leader.core(Post.Retry, 0, "a");
    await microtasks();
    expect(leader.warnings).toMatchObject([["core-died", expect.stringContaining("unreachable"), "error"]]);
    expect(tab.standby.heard("follow")).toEqual([["follow", "a"]]);
    tab.standby.urgent(OPEN);
    await microtasks();
    expect(states(tab)).toEqual([2]);
    expect(states(leader)).toEqual([]);
  });
});

describe("the page's visibility", () => {
  it("is told to its own core, which may be needed, and keeps a hidden page from taking the lead", async () => {
    const [leader, tab] = [await openTab(), await openTab()];
    tab.core(Post.Hidden, 1);
    expect(tab.standby.heard("hidden")).toEqual([["hidden", 1]]);
    expect(leader.standby.heard("hidden")).toEqual([]);
    await follow(tab, "a");
    leader.tab.freeze();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(tab.standby.heard("follow")).toEqual([]);
    tab.core(Post.Hidden, 0);
    tab.core(Post.Wake, 0);
    await vi.advanceTimersByTimeAsync(2500);
    expect(tab.standby.heard("follow")).toEqual([["follow", "a"]]);
  });

  it("of a page that was held up itself is no reason to take the lead", async () => {
    const [leader, tab] = [await openTab(), await openTab()];
    await follow(tab, "a");
    // A task of eight seconds: the timer is late, and what the leader said meanwhile has not been read.
    for (let i = 0; i < 5; i++) {
      vi.spyOn(performance, "now").mockReturnValueOnce(0).mockReturnValueOnce(8000);
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(leader.standby.heard("shutdown")).toEqual([]);
  });

  it("brings a wake of any tab to the leader", async () => {
    const [leader, tab] = [await openTab(), await openTab()];
    await follow(tab, "a");
    tab.core(Post.Wake, FOCUS);
    await microtasks();
    expect(leader.standby.heard("wake")).toEqual([["wake", FOCUS]]);
  });
});
