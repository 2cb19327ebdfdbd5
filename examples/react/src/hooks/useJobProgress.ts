import { useJob } from "jobwire/react";
import type { JobStatus } from "jobwire";

export type ProgressStatus = "connecting" | "processing" | "completed" | "failed";

export interface JobProgress {
  /** 0–100. */
  progress: number;
  status: ProgressStatus;
  error: string | null;
}

const STATUS: Record<JobStatus, ProgressStatus> = {
  unknown: "connecting",
  queued: "processing",
  running: "processing",
  completed: "completed",
  failed: "failed",
  cancelled: "failed",
};

/** A job in the few words that a simple progress display needs. A lost connection is no failure of the job. */
export function useJobProgress(jobId: string): JobProgress {
  const { progress = 0, status, error } = useJob(jobId);
  const message = error?.message ?? (status === "cancelled" ? "The job was cancelled." : null);
  return { progress, status: STATUS[status], error: message };
}
