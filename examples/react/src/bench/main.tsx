/** The page for load tests: many bars, nothing else. Driven through `window.bench`. */
import { JobsClient } from "jobwire";
import type { JobStatus } from "jobwire";
import { JobsProvider } from "jobwire/react";
import { createRoot } from "react-dom/client";
import { Bars } from "./bars";
import { createRecorder } from "./recorder";
import type { Summary } from "./recorder";
import "./bench.css";

interface Bench {
  /** Forgets what was recorded so far and records from now on. */
  start(): void;
  stop(): Summary;
  /** How many jobs are in which state. */
  states(): Partial<Record<JobStatus, number>>;
  readonly ids: readonly string[];
  readonly client: JobsClient;
}

declare global {
  interface Window {
    bench?: Bench;
  }
}

const query = new URLSearchParams(location.search);
const isOn = (name: string) => query.get(name) === "1";
const maxSockets = Number(query.get("maxSockets") ?? 32);
const prefix = query.get("prefix") ?? "load";

/** The ids that `POST /api/v1/_load` of the embedded server gives its jobs. */
const ids = Array.from({ length: Number(query.get("jobs") ?? 1000) }, (_, index) => `${prefix}-${index}`);

const client = new JobsClient({
  url: query.get("server") ?? location.origin,
  protocol: "stream",
  polling: { url: "/api/v1/jobs/{id}" },
  pool: { maxSockets },
  worker: isOn("worker"),
  ...(isOn("shared") && { path: "/api/v1/stream" }),
});
const recorder = createRecorder();

window.bench = {
  ids,
  client,
  start: recorder.start,
  stop: recorder.stop,
  states() {
    const counts: Partial<Record<JobStatus, number>> = {};
    for (const id of ids) {
      const { status } = client.job(id).current;
      counts[status] = (counts[status] ?? 0) + 1;
    }
    return counts;
  },
};

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <JobsProvider client={client}>
      <Bars ids={ids} onJob={recorder.notified} />
    </JobsProvider>,
  );
}
