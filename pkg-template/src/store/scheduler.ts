/**
 * When things are handed over: once a frame, and never more job notifications in a frame than the page can bear.
 *
 * Each notification makes the app render something, and that is what costs. The budget is found by trial: a frame that
 * came late halves it; after a second without one it grows little by little, or is lifted when nothing waits. Growing
 * at once would make every few frames late under a steady load.
 */
import { isHidden } from "../runtime/lifecycle.js";

/** An enum, since its numbers take the place of its names. */
const enum Rule {
  MinBudget = 50,
  Late = 1.25,
  /** Frames in time after a late one before the budget grows again, and by how much a frame. */
  Calm = 60,
  Growth = 1.02,
  /** Frame time without a frame to go by, in ms; also how long a page may withhold one before a timer does its work. */
  Frame = 16,
  Overdue = 250,
  /** Longest interval believed to be the display's own, in ms (30 Hz). */
  Slowest = 34,
}

export interface Scheduler {
  /** The core has something: `take` is called at the next frame. */
  dirty(): void;
  /** Calls `notify` at the next hand-over, or at a later one when there are too many. Once, however often added. */
  add(notify: () => void): void;
  /** Calls `notify` at once, or at the next hand-over where it was called in this frame already. */
  now(notify: () => void): void;
  /** A batch has been read: what it brought may be handed over now if the batch is this frame's. */
  settle(): void;
  stop(): void;
}

/** `isSlow`: the answer to `take` comes later than in a microtask, as a worker's. */
export function createScheduler(take: () => void, isSlow = false): Scheduler {
  const waiting = new Set<() => void>();
  /**
   * Called in this frame. To a frame belongs what is done since the callbacks of the last one, and what is done in its
   * own. A worker's answers come between two frames.
   */
  const told = new Set<() => void>();
  /** How many were called since the last frame was judged. */
  let work = 0;
  let isDirty = false;
  let taking = false;
  let frame: number | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let budget = Infinity;
  let calm: number = Rule.Calm;
  let lastFrame = 0;
  let interval = Rule.Frame + 0.7;
  /** Whether this frame was asked for by the last one, so that the time between them means something. */
  let chained = false;
  /** A timer has done the work of the frame that is asked for: when it comes after all, nothing is told in it twice. */
  let isDone = false;

  /** Judges the last frame's work by how long it held this one up. */
  function judge(now: number): void {
    const took = now - lastFrame;
    if (!isShown()) {
      budget = Infinity;
    } else if (chained) {
      if (took > Rule.Late * interval) {
        budget = Math.max(Rule.MinBudget, Math.floor(Math.min(budget, work) / 2));
        calm = 0;
      } else if (++calm > Rule.Calm) budget = waiting.size ? Math.ceil(budget * Rule.Growth) : Infinity;
      // A faster display shows at once, a slower one little by little: one slow frame may be the app's doing.
      if (took > 3) interval = Math.min(took, Rule.Slowest, interval + Math.max(0, took - interval) / 100);
    }
    lastFrame = now;
    work = 0;
    if (!isSlow) told.clear();
  }

  function call(notify: () => void): void {
    told.add(notify);
    waiting.delete(notify);
    work += 1;
    notify();
  }

  function flush(): void {
    for (const notify of waiting) {
      if (told.size >= budget) break;
      // A worker's answer, or what a listener caused, may bring more in the same frame.
      if (told.has(notify)) continue;
      call(notify);
    }
  }

  /** Without a time when a timer calls it. */
  function run(now?: number): void {
    clearTimeout(timer);
    timer = undefined;
    const isTold = now !== undefined && isDone;
    if (now !== undefined) frame = undefined;
    isDone = !!frame;
    if (isTold) return again();
    judge(now ?? performance.now());
    taking = isDirty;
    if (!taking) {
      finish();
      return endFrame();
    }
    isDirty = false;
    take();
    // What waits is told together with what comes now: nobody hears twice in a frame.
    queueMicrotask(() => {
      if (taking) {
        taking = isSlow;
        finish();
      }
      endFrame();
    });
  }

  /** What comes from here on is drawn with the next frame. */
  function endFrame(): void {
    if (isSlow) told.clear();
  }

  function finish(): void {
    flush();
    again();
  }

  /** After a frame with much work one more is wanted, if only to see how late it is. */
  function again(): void {
    chained = isDirty || waiting.size > 0 || work > Rule.MinBudget;
    if (chained) request();
  }

  function request(): void {
    if (timer) return;
    const visible = isShown();
    if (visible) frame ??= requestAnimationFrame(run);
    // A page that becomes hidden after the request gets no frame any more.
    timer = setTimeout(() => run(), visible ? Rule.Overdue : Rule.Frame);
  }

  return {
    dirty() {
      isDirty = true;
      request();
    },
    add(notify) {
      waiting.add(notify);
    },
    now(notify) {
      // A hidden page has no frames to wait for.
      if (isShown() && told.has(notify)) {
        waiting.add(notify);
        return request();
      }
      call(notify);
    },
    settle() {
      // A worker answers later than within the frame. Much of it waits for the next one: work in the middle of a frame
      // makes it late without anybody seeing why. A few jobs are told at once, before the events that changed them.
      const isTaken = taking;
      taking = false;
      if (!isTaken) {
        if (waiting.size) request();
      } else if (waiting.size <= Rule.MinBudget || performance.now() - lastFrame < interval / 2) finish();
      else again();
    },
    stop() {
      if (frame) cancelAnimationFrame(frame);
      clearTimeout(timer);
      waiting.clear();
      isDirty = false;
    },
  };
}

const isShown = () => typeof requestAnimationFrame === "function" && !isHidden();
