import { useJobsClient } from "jobwire/react";
import { useCallback, useState } from "react";
import { problemOf } from "../../words";
import { cancelJob } from "../server";

interface CancelSong {
  /** Resolves with whether the server agreed. */
  cancel(): Promise<boolean>;
  /** Why it did not. */
  problem: string | null;
}

/** Cancels a job over the connection, or over HTTP where there is none. */
export function useCancelSong(jobId: string): CancelSong {
  const client = useJobsClient();
  const [problem, setProblem] = useState<string | null>(null);
  const cancel = useCallback(async () => {
    setProblem(null);
    try {
      if (client.connection.current.state !== "open") {
        await cancelJob(jobId);
        return true;
      }
      const answer = await client.request<{ ok: boolean; error?: string }>("cancel_job", { job_id: jobId });
      if (!answer.ok) setProblem(answer.error ?? "The server refused to cancel it.");
      return answer.ok;
    } catch (error) {
      setProblem(problemOf(error));
      return false;
    }
  }, [client, jobId]);
  return { cancel, problem };
}
