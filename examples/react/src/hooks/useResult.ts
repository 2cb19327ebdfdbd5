import { useEffect, useState } from "react";
import { textOf } from "../http";

export interface LoadedResult<Result> {
  result?: Result;
  problem?: string;
}

const asJson = async (response: Response): Promise<unknown> => JSON.parse(await textOf(response));

/** Reads the result once its address is known; `read` stays the same function. */
export function useResult<Result>(
  url: string | undefined,
  read: (response: Response) => Promise<unknown> = asJson,
): LoadedResult<Result> {
  const [loaded, setLoaded] = useState<LoadedResult<Result> & { url?: string }>({});
  useEffect(() => {
    if (!url) return undefined;
    const controller = new AbortController();
    const load = async () => {
      const response = await fetch(url, { signal: controller.signal });
      if (!response.ok) throw new Error(`The server answered with status ${response.status}.`);
      return (await read(response)) as Result;
    };
    load().then(
      (result) => setLoaded({ url, result }),
      (error: unknown) => {
        if (!controller.signal.aborted)
          setLoaded({ url, problem: `The result could not be read: ${String(error)}` });
      },
    );
    return () => controller.abort();
  }, [url, read]);
  return loaded.url === url ? loaded : {};
}
