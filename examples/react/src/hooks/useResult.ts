import { useEffect, useState } from "react";

/** What the embedded server serves under a job's result URL. */
export interface JobResult {
  filename: string;
  format: string;
  size: number;
  sha256: string;
  metadata: Record<string, unknown>;
  /** A data URL. */
  thumbnail: string;
  thumbnail_kind: string;
}

export interface LoadedResult<Result = JobResult> {
  result?: Result;
  problem?: string;
}

/** Reads the result once its address is known. */
export function useResult<Result = JobResult>(url: string | undefined): LoadedResult<Result> {
  const [loaded, setLoaded] = useState<LoadedResult<Result> & { url?: string }>({});
  useEffect(() => {
    if (!url) return undefined;
    const controller = new AbortController();
    const read = async () => {
      const response = await fetch(url, { signal: controller.signal });
      if (!response.ok) throw new Error(`The server answered with status ${response.status}.`);
      return (await response.json()) as Result;
    };
    read().then(
      (result) => setLoaded({ url, result }),
      (error: unknown) => {
        if (!controller.signal.aborted)
          setLoaded({ url, problem: `The result could not be read: ${String(error)}` });
      },
    );
    return () => controller.abort();
  }, [url]);
  return loaded.url === url ? loaded : {};
}
