import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createScheduler } from "../../../pkg-template/src/store/scheduler.js";
import { frame, job, microtasks, open } from "../support.js";

/** A display of our own: frames come when the test says, at the time it says. */
function display() {
  let now = 1000;
  let pending: FrameRequestCallback | undefined;
  vi.stubGlobal("requestAnimationFrame", (run: FrameRequestCallback) => ((pending = run), 1));
  vi.stubGlobal("cancelAnimationFrame", () => (pending = undefined));
  vi.spyOn(performance, "now").mockImplementation(() => now);
  return {
    get requested() {
      return pending !== undefined;
    },
    /** The next frame, `after` ms later. */
    show(after = 16.7) {
      now += after;
      const run = pending;
      pending = undefined;
      run?.(now);
    },
  };
}

const some = (count: number, told: number[]) =>
  Array.from({ length: count }, (_, i) => () => void told.push(i));

describe("scheduler", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
  afterEach(() => void vi.useRealTimers());

  it("asks for the waiting once a frame, however often it hears of it", () => {
    const screen = display();
    const take = vi.fn();
    const { dirty } = createScheduler(take);
    dirty();
    dirty();
    expect(take).not.toHaveBeenCalled();
    screen.show();
    expect(take).toHaveBeenCalledTimes(1);
    expect(screen.requested).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("tells nobody twice in a frame: what waited goes with what the frame brings, if it brings anything", async () => {
    const screen = display();
    const notify = vi.fn();
    let brings = true;
    const frames = createScheduler(() => {
      if (brings)
        queueMicrotask(() => {
          frames.add(notify);
          frames.settle();
        });
    });
    for (const count of [1, 2]) {
      frames.add(notify);
      frames.dirty();
      screen.show();
      await microtasks();
      expect(notify).toHaveBeenCalledTimes(count);
      brings = false;
    }
  });

  it("calls nobody twice before a frame is drawn: a worker's answer between two frames, and the next one's callbacks", async () => {
    const screen = display();
    const told: string[] = [];
    const [urgent, other] = [() => void told.push("urgent"), () => void told.push("other")];
    const frames = createScheduler(() => {}, true);
    // It came unasked, between two frames.
    frames.add(urgent);
    frames.settle();
    frames.dirty();
    screen.show();
    await microtasks();
    expect(told).toEqual(["urgent"]);
    // The answer: what is done now is drawn with the next frame.
    frames.add(urgent);
    frames.add(other);
    frames.settle();
    expect(told).toEqual(["urgent", "urgent", "other"]);
    // More, before that frame.
    frames.add(urgent);
    frames.settle();
    screen.show();
    await microtasks();
    expect(told).toEqual(["urgent", "urgent", "other"]);
    screen.show();
    await microtasks();
    expect(told).toEqual(["urgent", "urgent", "other", "urgent"]);
    expect(screen.requested).toBe(false);
  });

  it("calls again in every frame where what may answer late answers at once", async () => {
    const screen = display();
    const notify = vi.fn();
    const frames = createScheduler(
      () =>
        queueMicrotask(() => {
          frames.add(notify);
          frames.settle();
        }),
      true,
    );
    for (const count of [1, 2, 3]) {
      frames.dirty();
      screen.show();
      await microtasks();
      expect(notify).toHaveBeenCalledTimes(count);
    }
  });

  it("tells a listener that causes its own notification in the next frame", async () => {
    const screen = display();
    let told = 0;
    const frames = createScheduler(() => {});
    const notify = () => {
      if (++told < 3) frames.add(notify);
    };
    frames.add(notify);
    frames.settle();
    for (const count of [1, 2, 3, 3]) {
      screen.show();
      await microtasks();
      expect(told).toBe(count);
    }
  });

  it("has no limit while frames are in time", () => {
    const screen = display();
    const told: number[] = [];
    const frames = createScheduler(() => {});
    for (let i = 0; i < 5; i++) {
      for (const notify of some(1000, told)) frames.add(notify);
      frames.dirty();
      screen.show();
      frames.settle();
      expect(told).toHaveLength(1000 * (i + 1));
    }
  });

  it("halves the number when a frame is late, oldest first", () => {
    const screen = display();
    const told: number[] = [];
    const perFrame: number[] = [];
    const frames = createScheduler(() => {});
    const show = (after?: number) => {
      const before = told.length;
      screen.show(after);
      perFrame.push(told.length - before);
    };
    for (const notify of some(1000, told)) frames.add(notify);
    frames.dirty();
    screen.show();
    frames.settle();
    told.length = 0;
    for (const notify of some(1000, told)) frames.add(notify);
    show(100);
    show(60);
    show();
    show();
    expect(perFrame).toEqual([500, 250, 250, 0]);
    expect(told).toEqual([...told].sort((a, b) => a - b));
  });

  it("stays below what was too much for a second, then grows little by little", () => {
    const screen = display();
    const told: number[] = [];
    const frames = createScheduler(() => {});
    const show = (after?: number) => {
      const before = told.length;
      for (const notify of some(1000, told)) frames.add(notify);
      screen.show(after);
      return told.length - before;
    };
    for (const notify of some(1000, told)) frames.add(notify);
    frames.dirty();
    screen.show();
    frames.settle();
    expect(show(100)).toBe(500);
    for (let i = 0; i < 60; i++) expect(show()).toBe(500);
    expect(show()).toBe(510);
    expect(show()).toBe(521);
    for (let i = 0; i < 100; i++) show();
    expect(show()).toBeGreaterThanOrEqual(1000);
  });

  it("never sends fewer than 50, so that everything is told in the end", () => {
    const screen = display();
    const told: number[] = [];
    const frames = createScheduler(() => {});
    for (const notify of some(2000, told)) frames.add(notify);
    frames.dirty();
    screen.show();
    frames.settle();
    for (const notify of some(500, told)) frames.add(notify);
    told.length = 0;
    for (let i = 0; i < 12; i++) screen.show(200);
    expect(told).toHaveLength(500);
  });

  it("tells a few jobs at once, however late they come, so that events find them as they left them", () => {
    const screen = display();
    const told: number[] = [];
    const frames = createScheduler(() => {}, true);
    frames.dirty();
    screen.show();
    const now = performance.now();
    vi.spyOn(performance, "now").mockReturnValue(now + 12);
    for (const notify of some(3, told)) frames.add(notify);
    frames.settle();
    expect(told).toHaveLength(3);
  });

  it("keeps much of what a worker answers late for the next frame", () => {
    const screen = display();
    const told: number[] = [];
    const frames = createScheduler(() => {}, true);
    frames.dirty();
    screen.show();
    const now = performance.now();
    vi.spyOn(performance, "now").mockReturnValue(now + 12);
    for (const notify of some(1000, told)) frames.add(notify);
    frames.settle();
    expect(told).toHaveLength(0);
    expect(screen.requested).toBe(true);
    screen.show();
    expect(told).toHaveLength(1000);
  });

  it("needs no frames: a timer does, and takes over when the page is hidden after the request", () => {
    const take = vi.fn();
    const screen = display();
    const frames = createScheduler(take);
    frames.dirty();
    vi.advanceTimersByTime(300);
    expect(take).toHaveBeenCalledTimes(1);
    vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
    frames.dirty();
    vi.advanceTimersByTime(20);
    expect(take).toHaveBeenCalledTimes(2);
    expect(screen.requested).toBe(true);
    screen.show();
    frames.dirty();
    expect(screen.requested).toBe(false);
  });

  it("asks for nothing more in a frame that comes after a timer has done its work", () => {
    const take = vi.fn();
    const screen = display();
    const frames = createScheduler(take);
    frames.dirty();
    vi.advanceTimersByTime(300);
    frames.dirty();
    screen.show();
    expect(take).toHaveBeenCalledTimes(1);
    screen.show();
    expect(take).toHaveBeenCalledTimes(2);
    expect(screen.requested).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("stops for good", () => {
    const screen = display();
    const notify = vi.fn();
    const frames = createScheduler(() => {});
    frames.add(notify);
    frames.dirty();
    frames.stop();
    screen.show();
    vi.advanceTimersByTime(1000);
    expect(notify).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a storm of events", () => {
  it("is one notification per job and frame, and every end is told", async () => {
    const { client, core } = await open();
    vi.useFakeTimers();
    const calls = new Map<string, number>();
    const ends = new Set<string>();
    const ids = Array.from({ length: 500 }, (_, i) => `j${i}`);
    for (const id of ids) {
      client.job(id).subscribe(({ status }) => {
        calls.set(id, (calls.get(id) ?? 0) + 1);
        if (status === "completed") ends.add(id);
      });
    }
    for (let round = 0; round < 10; round++) {
      for (let n = 0; n < 5; n++)
        core.push(...ids.map((id) => ["job", job(id, { progress: round * 10 + n })]));
      await frame();
    }
    core.urgent(...ids.map((id) => ["job", job(id, { status: "completed" })]));
    expect(ends.size).toBe(500);
    for (let i = 0; i < 40; i++) await frame();
    for (const count of calls.values()) expect(count).toBeLessThanOrEqual(1 + 10 + 1);
    expect(client.jobs({ status: "completed" }).current).toHaveLength(500);
  });
});
