import { useCallback, useEffect, useReducer, useRef } from "react";
import { reduceItems } from "../items";
import type { Item, JobItem } from "../items";
import { keepItems } from "../restore";
import { upload } from "../server";
import type { UploadOptions } from "../server";
import { problemOf } from "../words";

type SendOptions = Pick<UploadOptions, "pace" | "fail">;

interface Sending {
  file: File;
  options: SendOptions;
  abort: () => void;
}

export interface Items {
  readonly items: readonly Item[];
  send(files: readonly File[], optionsOf: (index: number) => SendOptions): void;
  resend(key: string): void;
  /** Forgets a file; one that is being sent is sent no further. */
  remove(key: string): void;
}

const nothing = () => {};

export function useItems(restored: readonly JobItem[]): Items {
  const [items, dispatch] = useReducer(reduceItems, restored);
  const sendings = useRef(new Map<string, Sending>());

  useEffect(() => keepItems(items), [items]);

  const run = useCallback(async (key: string) => {
    const sending = sendings.current.get(key);
    if (!sending) return;
    const controller = new AbortController();
    sending.abort = () => controller.abort();
    try {
      const jobId = await upload(sending.file, {
        ...sending.options,
        signal: controller.signal,
        onSent: (fraction) => dispatch({ type: "sent", key, fraction }),
      });
      sendings.current.delete(key);
      dispatch({ type: "accepted", key, jobId });
    } catch (error) {
      dispatch({ type: "unsent", key, problem: problemOf(error) });
    }
  }, []);

  const send = useCallback<Items["send"]>(
    (files, optionsOf) => {
      const facts = files.map((file, index) => {
        const key = crypto.randomUUID();
        sendings.current.set(key, { file, options: optionsOf(index), abort: nothing });
        return { key, name: file.name, size: file.size };
      });
      dispatch({ type: "sending", items: facts });
      for (const { key } of facts) void run(key);
    },
    [run],
  );

  const resend = useCallback(
    (key: string) => {
      dispatch({ type: "resending", key });
      void run(key);
    },
    [run],
  );

  const remove = useCallback((key: string) => {
    sendings.current.get(key)?.abort();
    sendings.current.delete(key);
    dispatch({ type: "removed", key });
  }, []);

  return { items, send, resend, remove };
}
