/** The process that analyses recordings, in batches, and notifies the server of every step. */
import { rmSync } from "node:fs";
import { analyse } from "./analysis.mjs";
import { type Job, type JobStatus, type Progress, Store, type Track } from "./store.ts";

const BATCH = 5;

const { NOTIFY_URL = "", NOTIFY_TOKEN = "", DATA_FOLDER = "" } = process.env;
const store = new Store(DATA_FOLDER);
/** Of one recording. */
const WORK_MS = Number(process.env["JOBWIRE_WORK_MS"] || 300_000);

interface Notice {
  readonly status: string;
  readonly trackId?: string;
  readonly progress?: Progress;
}

/** What is lost here is still in the store, where polling finds it. */
async function notify({ jobId }: Job, notice: Notice): Promise<void> {
  const headers = {
    "Content-Type": "application/json",
    Authorization: `Bearer ${NOTIFY_TOKEN}`,
  };
  const body = JSON.stringify({ jobId, ...notice, timestamp: new Date().toISOString() });
  try {
    const response = await fetch(NOTIFY_URL, { method: "POST", headers, body });
    if (!response.ok)
      console.error(`The server refused a notice: ${response.status} ${await response.text()}`);
  } catch (error) {
    console.error(`The server could not be notified: ${error instanceof Error ? error.message : error}`);
  }
}

async function change(job: Job, status: JobStatus): Promise<void> {
  store.setStatus(job.jobId, status);
  await notify(job, { status, progress: store.progress(job) });
}

async function analyseTrack(job: Job, { trackId }: Track): Promise<void> {
  const path = store.recordingOf(trackId);
  await notify(job, { trackId, status: "analyzing" });
  const began = performance.now();
  let status = "analyzed";
  try {
    store.analyzed(trackId, analyse(path, WORK_MS));
  } catch (error) {
    status = "failed";
    store.failed(trackId, error instanceof Error ? error.message : String(error));
  }
  rmSync(path, { force: true });
  await Bun.sleep(Math.max(0, began + job.options.pace - performance.now()));
  await notify(job, { trackId, status, progress: store.progress(job) });
}

async function carryOut(job: Job): Promise<void> {
  await change(job, "processing");
  const pending = store.tracks(job.jobId).filter(({ status }) => status === "pending");
  for (let from = 0; from < pending.length; from += BATCH) {
    for (const track of pending.slice(from, from + BATCH)) await analyseTrack(job, track);
    await notify(job, { status: "processing", progress: store.progress(job) });
    if (!job.options.fail) continue;
    for (const { trackId } of pending) rmSync(store.recordingOf(trackId), { force: true });
    return change(job, "failed");
  }
  await change(job, "completed");
}

let working = false;

async function work(): Promise<void> {
  if (working) return;
  working = true;
  for (let job = store.next(); job; job = store.next()) await carryOut(job);
  working = false;
}

process.on("message", () => void work());
// The server is gone, however that ended.
process.on("disconnect", () => process.exit(0));
process.send?.("ready");
void work();
