import { act, createElement as h, StrictMode, useState, version } from "react";
import type { ReactNode } from "react";
import { createRoot, hydrateRoot } from "react-dom/client";
import { renderToString } from "react-dom/server";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Job } from "../../../pkg-template/src/index.js";
import {
  JobsProvider,
  useChannel,
  useConnection,
  useEntities,
  useJob,
  useJobEvents,
  useJobs,
  useJobsClient,
} from "../../../pkg-template/src/react/index.js";
import { made } from "../fake/core.js";
import { frame, job, meta, newest, open } from "../support.js";
import type { FakeCore } from "../fake/core.js";

const options = { url: "https://jobs.test", protocol: "stream" } as const;
const unmounts: (() => void)[] = [];

beforeEach(() => vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true));
afterEach(async () => {
  for (const unmount of unmounts.splice(0)) await act(async () => unmount());
});

async function mount(element: ReactNode, container = document.createElement("div")) {
  const root = createRoot(container);
  unmounts.push(() => root.unmount());
  await act(async () => root.render(h(StrictMode, null, element)));
  return {
    root,
    container,
    render: (next: ReactNode) => act(async () => root.render(h(StrictMode, null, next))),
  };
}

/** How many follow as the core counts them; it lingers, so what StrictMode undoes and does again costs no socket. */
const followers = (core: FakeCore) => core.heard("follow").length - core.heard("unfollow").length;

const nextFrame = () => act(() => frame());

describe("JobsProvider", () => {
  it("has one client under StrictMode, closed a while after the last unmount", async () => {
    const seen = new Set<unknown>();
    const Probe = () => {
      seen.add(useJobsClient());
      return useJob("a").status;
    };
    const { root, container, render } = await mount(h(JobsProvider, { options }, h(Probe)));
    // The wasm takes its time, whatever the page's clock says.
    await act(() => vi.waitFor(() => expect(made).toHaveLength(1), 10_000));
    vi.useFakeTimers();
    await render(h(JobsProvider, { options: { ...options } }, h(Probe)));
    await act(() => vi.advanceTimersByTimeAsync(3000));
    expect(container.textContent).toBe("unknown");
    expect(followers(newest())).toBe(1);
    expect(newest().heard("shutdown")).toEqual([]);
    await act(async () => root.unmount());
    expect(newest().heard("shutdown")).toEqual([]);
    await vi.advanceTimersByTimeAsync(1100);
    expect(newest().heard("shutdown")).toHaveLength(1);
    expect(made).toHaveLength(1);
  });

  it("leaves a client it was given to its owner", async () => {
    const { client, core } = await open();
    vi.useFakeTimers();
    const { root } = await mount(h(JobsProvider, { client }));
    await act(async () => root.unmount());
    await vi.advanceTimersByTimeAsync(5000);
    expect(core.heard("shutdown")).toEqual([]);
  });

  it("is missed with a sentence that helps", () => {
    const Probe = () => useConnection().state;
    expect(() => renderToString(h(Probe))).toThrow(/wrap the app in <JobsProvider>/);
  });
});

describe("useJob", () => {
  it("renders once a frame, and follows once under StrictMode", async () => {
    const { client, core } = await open();
    vi.useFakeTimers();
    const renders: unknown[] = [];
    const Bar = () => {
      const { progress } = useJob("a");
      renders.push(progress);
      return String(progress);
    };
    const { container, root } = await mount(h(JobsProvider, { client }, h(Bar)));
    const before = renders.length;
    for (let progress = 1; progress <= 50; progress++) core.push(["job", job("a", { progress })]);
    await nextFrame();
    expect(container.textContent).toBe("50");
    // StrictMode renders twice.
    expect(renders.length - before).toBeLessThanOrEqual(2);
    expect(followers(core)).toBe(1);
    await act(async () => root.unmount());
    expect(followers(core)).toBe(0);
  });

  it("changes over with its id, and follows nothing without one", async () => {
    const { client, core } = await open();
    const Bar = ({ id }: { id?: string }) => useJob(id)?.id ?? "none";
    const { container, render } = await mount(h(JobsProvider, { client }, h(Bar)));
    expect(container.textContent).toBe("none");
    expect(core.heard("follow")).toEqual([]);
    await render(h(JobsProvider, { client }, h(Bar, { id: "b" })));
    expect(container.textContent).toBe("b");
    expect(core.heard("follow")).toEqual([["follow", "b"]]);
  });
});

describe("useJobs", () => {
  it("takes a new filter and predicate at every render without subscribing anew", async () => {
    const { client, core } = await open();
    vi.useFakeTimers();
    const subscribed = vi.spyOn(client, "jobs");
    const results = new Set<readonly Job[]>();
    let again = () => {};
    const List = () => {
      const [least, setLeast] = useState(0);
      again = () => setLeast((n) => n + 10);
      const list = useJobs({ status: ["running"], predicate: ({ progress = 0 }) => progress >= least });
      results.add(list);
      return list.map(({ id }) => id).join();
    };
    const { container } = await mount(h(JobsProvider, { client }, h(List)));
    core.push(["job", job("a", { progress: 5 })], ["job", job("b", { progress: 50 })]);
    await nextFrame();
    expect(container.textContent).toBe("a,b");
    const stores = subscribed.mock.calls.length;
    for (let i = 0; i < 4; i++) await act(async () => again());
    expect(container.textContent).toBe("b");
    expect(subscribed.mock.calls).toHaveLength(stores);
    expect(core.heard("watchAll").filter(([, on]) => on).length).toBeLessThanOrEqual(2);
    expect(results.size).toBeLessThanOrEqual(3);
  });
});

describe("useJobEvents", () => {
  it("loses no event between renders and calls the latest handler", async () => {
    const { client, core } = await open();
    const heard: string[] = [];
    const Ear = ({ name }: { name: string }) => {
      useJobEvents("progress", ({ progress }) => heard.push(`${name}${progress}`));
      return null;
    };
    const { render } = await mount(h(JobsProvider, { client }, h(Ear, { name: "x" })));
    const tell = (progress: number) => ["event", "progress", { jobId: "a", progress }, meta()];
    core.urgent(tell(1), tell(2), tell(3));
    const listens = core.heard("listen").length;
    await render(h(JobsProvider, { client }, h(Ear, { name: "y" })));
    core.urgent(tell(4));
    expect(heard).toEqual(["x1", "x2", "x3", "y4"]);
    expect(core.heard("listen")).toHaveLength(listens);
  });

  it("needs no provider where a client is given", async () => {
    const { client, core } = await open();
    const heard: number[] = [];
    const Ear = () => {
      useJobEvents("progress", ({ progress }) => heard.push(progress), client);
      return null;
    };
    await mount(h(Ear));
    core.urgent(["event", "progress", { jobId: "a", progress: 1 }, meta()]);
    expect(heard).toEqual([1]);
  });
});

describe("useConnection and useChannel", () => {
  it("tell the state, and what the protocol lacks", async () => {
    const { client, core } = await open();
    const State = () => useConnection().state;
    const { container } = await mount(h(JobsProvider, { client }, h(State)));
    await act(async () => core.urgent(["status", { state: "open", attempt: 0, everConnected: true }]));
    expect(container.textContent).toBe("open");
    const Talk = () => useChannel("/jobs") && null;
    vi.spyOn(console, "error").mockImplementation(() => {});
    vi.spyOn(console, "warn").mockImplementation(() => {});
    // StrictMode tries twice. React 19 rejects with both errors, React 18 with the first one.
    const refused = { code: "config" };
    const both = { errors: expect.arrayContaining([expect.objectContaining(refused)]) };
    await expect(mount(h(JobsProvider, { client }, h(Talk)))).rejects.toMatchObject(
      version.startsWith("18.") ? refused : both,
    );
  });
});

describe("useChannel", () => {
  const socketIo = { protocol: "socket.io" } as const;
  const heardBy = (core: FakeCore) => core.heard("channel", "listen").map(([, ...rest]) => rest.join(" "));
  const tell = (name: string, n: number) => ["socket.io event", name, [n], meta()];
  let heard: number[];
  const Ear = ({ name }: { name: string }) => {
    const channel = useChannel(name);
    useJobEvents("playback_play", (payload) => heard.push(payload as unknown as number), channel);
    return h(State, { name });
  };
  // A component below uses it before the one above has shown.
  const State = ({ name }: { name: string }) => useConnection(useChannel(name)).state;
  beforeEach(() => (heard = []));

  it("opens a channel while it is mounted, once under StrictMode, and hears each event once", async () => {
    const { client, core } = await open(socketIo);
    vi.useFakeTimers();
    const { container, root } = await mount(h(JobsProvider, { client }, h(Ear, { name: "/a" })));
    await act(async () =>
      core.urgent(["channel status", "/a", { state: "open" }], tell("/a,playback_play", 1)),
    );
    expect(container.textContent).toBe("open");
    expect(heard).toEqual([1]);
    expect(core.heard("channel")).toEqual([["channel", "/a", 1]]);
    await act(async () => root.unmount());
    expect(core.heard("channel")).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1100);
    expect(core.heard("channel").at(-1)).toEqual(["channel", "/a", 0]);
    core.urgent(tell("/a,playback_play", 2));
    expect(heard).toEqual([1]);
  });

  it("changes over when the name changes, and leaves the old one", async () => {
    const { client, core } = await open(socketIo);
    vi.useFakeTimers();
    const { render } = await mount(h(JobsProvider, { client }, h(Ear, { name: "/a" })));
    await render(h(JobsProvider, { client }, h(Ear, { name: "/b" })));
    await act(() => vi.advanceTimersByTimeAsync(1100));
    core.urgent(tell("/a,playback_play", 1), tell("/b,playback_play", 2));
    expect(heard).toEqual([2]);
    expect(heardBy(core).filter((line) => line.startsWith("/"))).toEqual(
      expect.arrayContaining(["/a 1", "/b 1", "/a 0"]),
    );
    expect(heardBy(core)).not.toContain("/b 0");
  });

  it("loads and opens nothing in a server render", async () => {
    const { client, core } = await open(socketIo);
    expect(renderToString(h(JobsProvider, { client }, h(Ear, { name: "/a" })))).toBe("idle");
    expect(core.messages).toEqual([]);
  });

  it("says that it is closed once its component has gone", async () => {
    const { client, core } = await open(socketIo);
    vi.useFakeTimers();
    let last: ReturnType<typeof useChannel> | undefined;
    const Talk = () => {
      last = useChannel("/a");
      return null;
    };
    const { root } = await mount(h(JobsProvider, { client }, h(Talk)));
    void last?.send("x");
    expect(core.heard("send").map(([, , name]) => name)).toEqual(["/a,x"]);
    await act(async () => root.unmount());
    await vi.advanceTimersByTimeAsync(1100);
    await expect(last?.send("x")).rejects.toMatchObject({ code: "closed" });
    expect(core.heard("channel").at(-1)).toEqual(["channel", "/a", 0]);
  });

  it("closed before it was ever shown leaves nothing open", async () => {
    const { client, core } = await open(socketIo);
    const channels: ReturnType<typeof useChannel>[] = [];
    const Talk = () => {
      channels.push(useChannel("/a"));
      return null;
    };
    renderToString(h(JobsProvider, { client }, h(Talk)));
    channels[0]?.close();
    await expect(channels[0]?.send("x")).rejects.toMatchObject({ code: "closed" });
    expect(core.heard("channel").at(-1)?.at(-1)).toBe(0);
  });
});

describe("useEntities", () => {
  const Tracks = ({ kind = "track" }: { kind?: string }) => {
    renders++;
    return [...useEntities(kind).values()].map(({ id, status }) => `${id} ${status} `);
  };
  const entity = (kind: string, id: string, status: string) => ["entity", { kind, id, status }];
  const last = (core: FakeCore) =>
    Object.fromEntries(core.heard("watchEntities").map(([, kind, flag]) => [kind, flag]));
  let renders = 0;

  it("shows them, at most once a frame, and follows them while it is mounted", async () => {
    const { client, core } = await open({ protocol: "broadcast" });
    vi.useFakeTimers();
    const { root, container, render } = await mount(h(JobsProvider, { client }, h(Tracks)));
    expect(container.textContent).toBe("");
    renders = 0;
    for (const status of ["pending", "analyzed"]) core.push(entity("track", "1", status));
    core.push(entity("track", "2", "failed"));
    await nextFrame();
    expect(container.textContent).toBe("1 analyzed 2 failed ");
    // StrictMode renders twice.
    expect(renders).toBeLessThanOrEqual(2);
    await render(h(JobsProvider, { client }, h(Tracks, { kind: "playlist" })));
    core.push(entity("playlist", "9", "error"));
    await nextFrame();
    expect(container.textContent).toBe("9 error ");
    expect(last(core)).toEqual({ track: 0, playlist: 1 });
    await act(async () => root.unmount());
    expect(last(core)).toEqual({ track: 0, playlist: 0 });
  });

  it("shows none in a server render, and loads nothing", async () => {
    const { client, core } = await open({ protocol: "broadcast" });
    expect(renderToString(h(JobsProvider, { client }, h(Tracks)))).toBe("");
    expect(core.messages).toEqual([]);
  });
});

describe("a server render", () => {
  it("shows the job as unknown, loads nothing, and hydrates without a complaint", async () => {
    const { client, core } = await open();
    const Page = () => `${useJob("a").status} ${useJobs().length} ${useConnection().state}`;
    const page = h(JobsProvider, { client }, h(Page));
    core.urgent(["job", job("a")], ["status", { state: "open", attempt: 0, everConnected: true }]);
    const container = document.createElement("div");
    container.innerHTML = renderToString(page);
    expect(container.textContent).toBe("unknown 0 idle");
    expect(core.messages).toEqual([]);
    const complaints = vi.spyOn(console, "error").mockImplementation(() => {});
    await act(async () => {
      const root = hydrateRoot(container, page);
      unmounts.push(() => root.unmount());
    });
    expect(container.textContent).toBe("running 1 open");
    expect(complaints).not.toHaveBeenCalled();
  });
});
