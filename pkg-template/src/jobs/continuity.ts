/**
 * Has a job go on where another core takes over from one that died. The new core knows nothing of what was said before:
 * a bar must not fall back because of that, and an end that was reported is not reported again.
 */
import type { Job } from "../types.js";

export const isTerminal = ({ status }: Job) => /^(comp|fail|canc)/.test(status);

const ORDER = ["unknown", "queued", "running"];

export interface Continuity {
  /** The job as the core before would have reported it; `undefined` where that is nothing new. */
  carryOn(next: Job): Job | undefined;
  /** Whether the end of this attempt was reported already. */
  readonly hasEnded: boolean;
  /** The app asks for a new attempt. */
  retry(): void;
}

/**
 * @param last what was known when the core died
 * @param resumed is called once, when the new core has read the job and it had not ended before
 * @param retryAgain asks the core for the new attempt again: it could not do so before it knew the job
 */
export function createContinuity(last: Job, resumed: (job: Job) => void, retryAgain: () => void): Continuity {
  let known = last;
  let hasEnded = isTerminal(last);
  let isRetried = false;
  /** By how many attempts the new core is behind, where the server does not count them. */
  let behind: number | undefined;

  function merged(next: Job): Job | undefined {
    if (next.status === "unknown") return undefined;
    if (behind === undefined) {
      behind = Math.max(0, last.attempt - next.attempt);
      if (!hasEnded) resumed(next);
    }
    if (hasEnded && isRetried && next.attempt + behind === known.attempt) {
      if (isTerminal(next)) {
        if (next.status !== "completed") retryAgain();
        return undefined;
      }
      // The new attempt, of a server that does not count them.
      behind++;
    }
    const job = { ...next, attempt: next.attempt + behind };
    if (job.attempt > known.attempt) {
      hasEnded = isRetried = false;
      return job;
    }
    if (hasEnded) return undefined;
    if (isTerminal(job) || isTerminal(known)) return job;
    if (ORDER.indexOf(job.status) < ORDER.indexOf(known.status)) job.status = known.status;
    const { progress } = known;
    return progress !== undefined && (job.progress ?? -1) < progress ? { ...job, progress } : job;
  }

  return {
    carryOn(next) {
      const job = merged(next);
      if (job) known = job;
      return job;
    },
    get hasEnded() {
      return hasEnded;
    },
    retry() {
      isRetried = true;
    },
  };
}
