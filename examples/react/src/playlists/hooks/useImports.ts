import { useCallback, useState } from "react";
import type { Journal } from "../../journal";
import { problemOf } from "../../words";
import { enrich, importPlaylists } from "../server";
import type { ImportOptions } from "../server";

export interface PlaylistJob {
  readonly jobId: string;
  readonly name: string;
  readonly kind: "import" | "enrichment";
}

/** The jobs that this page has started, newest first. */
export function useImports(journal: Journal) {
  const [jobs, setJobs] = useState<readonly PlaylistJob[]>([]);

  const send = useCallback(
    async (files: readonly File[], options: ImportOptions) => {
      for (const file of files) {
        try {
          const { importId, jobId } = await importPlaylists(file, options);
          const made: readonly PlaylistJob[] = [
            { jobId: importId, name: `Import of ${file.name}`, kind: "import" },
            { jobId, name: `Enrichment of ${file.name}`, kind: "enrichment" },
          ];
          setJobs((before) => [...made, ...before]);
        } catch (error) {
          journal.add("you", problemOf(error), "error");
        }
      }
    },
    [journal],
  );

  const enrichAgain = useCallback(
    async (playlistId: string, name: string, pace: number) => {
      try {
        const { jobId } = await enrich(playlistId, pace);
        setJobs((before) => [{ jobId, name: `Enrichment of ${name}`, kind: "enrichment" }, ...before]);
      } catch (error) {
        journal.add("you", problemOf(error), "error");
      }
    },
    [journal],
  );

  return { jobs, send, enrichAgain };
}
