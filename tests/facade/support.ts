import { afterEach, vi } from "vitest";
import { JobsClient } from "../../pkg-template/src/index.js";
import type { EventMeta, Job, JobEvents, JobsClientOptions } from "../../pkg-template/src/index.js";
import { control, made } from "./fake/core.js";
import type { FakeCore } from "./fake/core.js";

const clients: { close(): void }[] = [];

afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  made.length = 0;
  control.failure = control.constructing = undefined;
  vi.useRealTimers();
});

export const create = <E = JobEvents>(options: Partial<JobsClientOptions<E>> = {}): JobsClient<E> => {
  const client = new JobsClient<E>({ url: "https://jobs.test", protocol: "stream", ...options });
  clients.push(client);
  return client;
};

/** A client whose core is loaded. */
export async function open<E = JobEvents>(options: Partial<JobsClientOptions<E>> = {}) {
  const client = create<E>(options);
  await client.ready;
  return { client, core: made.at(-1) as FakeCore };
}

export const newest = (): FakeCore => made.at(-1) as FakeCore;

let clock = 1;
export const job = (id: string, more: Partial<Job> = {}): Job => ({
  id,
  status: "running",
  attempt: 1,
  updatedAt: clock++,
  source: "socket",
  stale: false,
  ...more,
});

let seq = 0;
export const meta = (more: Partial<EventMeta> = {}): EventMeta => ({
  seq: ++seq,
  at: 1,
  source: "socket",
  ...more,
});

/** Lets everything run that needs no timer. */
export const microtasks = async () => {
  for (let i = 0; i < 60; i++) await Promise.resolve();
};

/** The next frame, with what it brings; needs fake timers. */
export async function frame(): Promise<void> {
  await microtasks();
  await vi.advanceTimersByTimeAsync(17);
  await microtasks();
}

/** What listeners throw is reported to the page; collects it. */
export function collectReports(): unknown[] {
  const reports: unknown[] = [];
  vi.stubGlobal("reportError", (error: unknown) => reports.push(error));
  return reports;
}
