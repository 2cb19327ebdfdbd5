/** Records how smoothly the page runs. Times are milliseconds. */

export interface Summary {
  /** Time between two frames: percentiles and the longest. */
  p50: number;
  p95: number;
  p99: number;
  max: number;
  frames: number;
  /** Durations of the tasks longer than 50 ms; empty where the browser does not tell them. */
  longTasks: readonly number[];
  /** How often a bar was told about its job. */
  notified: number;
}

export interface Recorder {
  start(): void;
  stop(): Summary;
  notified(): void;
}

const percentile = (sorted: readonly number[], share: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

export function createRecorder(): Recorder {
  let deltas: number[] = [];
  let longTasks: number[] = [];
  let notified = 0;
  let frame = 0;
  let last = 0;

  const note = (entries: PerformanceEntryList) => {
    for (const { duration } of entries) longTasks.push(duration);
  };
  const observer = new PerformanceObserver((list) => note(list.getEntries()));

  const tick = (now: number) => {
    if (last > 0) deltas.push(now - last);
    last = now;
    frame = requestAnimationFrame(tick);
  };

  const halt = () => {
    cancelAnimationFrame(frame);
    note(observer.takeRecords());
    observer.disconnect();
  };

  return {
    start() {
      halt();
      deltas = [];
      longTasks = [];
      notified = last = 0;
      if (PerformanceObserver.supportedEntryTypes.includes("longtask"))
        observer.observe({ type: "longtask" });
      frame = requestAnimationFrame(tick);
    },
    stop() {
      halt();
      const sorted = [...deltas].sort((a, b) => a - b);
      return {
        p50: percentile(sorted, 0.5),
        p95: percentile(sorted, 0.95),
        p99: percentile(sorted, 0.99),
        max: sorted.at(-1) ?? 0,
        frames: sorted.length,
        longTasks,
        notified,
      };
    },
    notified() {
      notified += 1;
    },
  };
}
