import { useMutation, useMutationState, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { sendSong } from "../server";
import type { SendSongOptions } from "../server";
import { queueQuery } from "./queries";

const KEY = ["send-song"];

interface Sending {
  file: File;
  options: SendSongOptions;
}

export interface SentSong {
  readonly id: number;
  readonly name: string;
  /** Why it was not sent; null while it is being sent. */
  readonly problem: string | null;
}

interface SendSongs {
  /** What is being sent, and what could not be. */
  readonly sending: readonly SentSong[];
  send(file: File, options: SendSongOptions): void;
  forget(id: number): void;
}

/** Songs on their way to the server; once they are there the events tell what becomes of them. */
export function useSendSongs(): SendSongs {
  const queries = useQueryClient();
  const { mutate } = useMutation({
    mutationKey: KEY,
    mutationFn: ({ file, options }: Sending) => sendSong(file, options),
    // Also without a connection, which would tell of it, the new job is seen.
    onSuccess: () => queries.invalidateQueries({ queryKey: queueQuery.queryKey }),
  });
  const all = useMutationState({
    filters: { mutationKey: KEY },
    select: ({ mutationId, state }) => ({
      id: mutationId,
      name: (state.variables as Sending).file.name,
      isSent: state.status === "success",
      problem: state.error?.message ?? null,
    }),
  });
  const forget = useCallback(
    (id: number) => {
      const cache = queries.getMutationCache();
      const found = cache.find({ mutationKey: KEY, predicate: ({ mutationId }) => mutationId === id });
      if (found) cache.remove(found);
    },
    [queries],
  );
  return {
    sending: all.filter(({ isSent }) => !isSent),
    send: (file, options) => mutate({ file, options }),
    forget,
  };
}
