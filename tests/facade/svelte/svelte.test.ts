import { flushSync, mount, unmount } from "svelte";
import { describe, expect, it, vi } from "vitest";
import Probe from "../fixtures/Probe.svelte";
import Provider from "../fixtures/Provider.svelte";
import Talk from "../fixtures/Talk.svelte";
import Tracks from "../fixtures/Tracks.svelte";
import { made } from "../fake/core.js";
import { frame, job, meta, newest, open } from "../support.js";

const show = (source: unknown, heard: (progress: number) => void = () => {}) => {
  const target = document.createElement("div");
  const instance = mount(Provider, { target, props: { source, heard } });
  flushSync();
  return {
    text: () => target.querySelector("output")?.textContent,
    click: () => flushSync(() => target.querySelector("button")?.click()),
    leave: () => unmount(instance),
  };
};

describe("Svelte", () => {
  it("shows jobs, lists and the connection, and listens", async () => {
    const { client, core } = await open();
    vi.useFakeTimers();
    const heard: number[] = [];
    const page = show(client, (progress) => heard.push(progress));
    expect(page.text()).toBe("a unknown unknown 0 idle");
    core.urgent(["status", { state: "open", attempt: 0, everConnected: true }]);
    core.push(["job", job("a")], ["event", "progress", { jobId: "a", progress: 3 }, meta()]);
    await frame();
    flushSync();
    expect(page.text()).toBe("a running running 1 open");
    expect(heard).toEqual([3]);
    await page.leave();
    await vi.advanceTimersByTimeAsync(1100);
    expect(core.heard("follow", "unfollow")).toEqual([
      ["follow", "a"],
      ["unfollow", "a"],
    ]);
    expect(core.heard("listen").at(-1)).toEqual(["listen", "progress", -1]);
    expect(core.heard("shutdown")).toEqual([]);
  });

  it("changes over when the reactive id and filter change", async () => {
    const { client, core } = await open();
    vi.useFakeTimers();
    const page = show(client);
    core.urgent(["job", job("b", { status: "failed" })]);
    page.click();
    expect(page.text()).toMatch(/^b failed \w+ 1 idle$/);
    await vi.advanceTimersByTimeAsync(1100);
    flushSync();
    expect(core.heard("follow")).toContainEqual(["follow", "b"]);
    await page.leave();
  });

  it("opens a channel for as long as a component is there", async () => {
    const { client, core } = await open({ protocol: "socket.io" });
    vi.useFakeTimers();
    const heard: unknown[] = [];
    const target = document.createElement("div");
    const page = mount(Talk, { target, props: { client, heard: (payload: unknown) => heard.push(payload) } });
    flushSync();
    core.urgent(
      ["channel status", "/a", { state: "open" }],
      ["socket.io event", "/a,playback_play", [1], meta()],
    );
    flushSync();
    expect(target.textContent).toBe("open open");
    expect(heard).toEqual([1]);
    await unmount(page);
    await vi.advanceTimersByTimeAsync(10);
    expect(core.heard("channel")).toEqual([
      ["channel", "/a", 1],
      ["channel", "/a", 0],
    ]);
  });

  it("shows the entities of a kind, followed while they are shown", async () => {
    const { client, core } = await open({ protocol: "broadcast" });
    vi.useFakeTimers();
    const target = document.createElement("div");
    const page = mount(Tracks, { target, props: { client } });
    const told = async (kind: string, id: string, status: string) => {
      core.push(["entity", { kind, id, status }]);
      await frame();
      flushSync();
      return target.querySelector("output")?.textContent;
    };
    flushSync();
    expect(await told("track", "1", "pending")).toBe("1 pending");
    expect(await told("track", "2", "analyzed")).toBe("1 pending, 2 analyzed");
    flushSync(() => target.querySelector("button")?.click());
    expect(await told("playlist", "9", "error")).toBe("9 error");
    await unmount(page);
    await vi.advanceTimersByTimeAsync(10);
    const wishes = new Map(core.heard("watchEntities").map(([, kind, flag]) => [kind, flag]));
    expect([...wishes]).toEqual([
      ["track", 0],
      ["playlist", 0],
    ]);
  });

  it("closes a client it made itself, and misses a provider in words", async () => {
    const page = show({ url: "https://jobs.test", protocol: "stream" });
    await vi.waitFor(() => expect(made).toHaveLength(1), 10_000);
    await page.leave();
    expect(newest().heard("shutdown")).toHaveLength(1);
    expect(() => mount(Probe, { target: document.createElement("div"), props: {} })).toThrow(/provideJobs/);
  });
});
