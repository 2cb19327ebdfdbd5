/** Figures and states in words. */
import type { ConnectionStatus, Job, JobStatus } from "jobwire";
import { POLL_MS } from "./settings";

const UNITS = ["bytes", "KiB", "MiB", "GiB"];

export function bytes(count: number): string {
  const power = count < 1024 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(count) / 10));
  const value = count / 1024 ** power;
  return `${power === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${UNITS[power]}`;
}

export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 90_000) return `${Math.round(ms / 1000)} s`;
  return `${Math.round(ms / 60_000)} min`;
}

/** Time of day. */
export const clock = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});

export function timeLeft({ status, etaMs }: Job): string {
  if (status !== "running") return "";
  if (etaMs === undefined) return "estimating time left";
  if (etaMs < 1000) return "almost there";
  return `about ${etaMs < 90_000 ? `${Math.round(etaMs / 1000)} s` : `${Math.round(etaMs / 60_000)} min`} left`;
}

export const STATUS_WORDS: Record<JobStatus, string> = {
  unknown: "Looking up",
  queued: "Queued",
  running: "Running",
  completed: "Completed",
  failed: "Failed",
  cancelled: "Cancelled",
};

export const isTerminal = (status: JobStatus) =>
  status === "completed" || status === "failed" || status === "cancelled";

export interface Freshness {
  tone: "live" | "polling" | "stale";
  text: string;
}

/** How far the bar can be believed right now. */
export function freshness(job: Job, connection: ConnectionStatus["state"], now: number): Freshness {
  if (job.stale) {
    const seconds = Math.max(0, Math.round((now - job.updatedAt) / 1000));
    return { tone: "stale", text: job.updatedAt ? `stale: last news ${seconds} s ago` : "no news yet" };
  }
  if (connection === "open") return { tone: "live", text: "live" };
  return { tone: "polling", text: `polling every ${POLL_MS / 1000} s` };
}

/** What went wrong, whatever was thrown. */
export const problemOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
