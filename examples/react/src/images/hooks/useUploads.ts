import { useJobEvents } from "jobwire/react";
import { useCallback, useEffect, useReducer, useRef } from "react";
import { problemOf } from "../../words";
import { extract } from "../server";
import type { ExtractOptions } from "../server";
import { reduceUploads } from "../uploads";
import type { Upload } from "../uploads";

/** What an upload needs beside what is shown of it. */
interface Held {
  readonly file: File;
  readonly preview: string;
  options: ExtractOptions;
  sessionId: string;
  isSent: boolean;
  readonly controller: AbortController;
}

export interface Uploads {
  readonly uploads: readonly Upload[];
  add(files: readonly File[], optionsOf: (index: number) => ExtractOptions): void;
  /** Tries it again, as a new session. */
  retry(key: string): void;
  /** Forgets it; one that is being sent is sent no further. */
  remove(key: string): void;
}

/** Sends each image as soon as the server has said that the socket of its session is connected. */
export function useUploads(): Uploads {
  const [uploads, dispatch] = useReducer(reduceUploads, []);
  /** By the key of the upload. */
  const holding = useRef(new Map<string, Held>());
  const turns = useRef(0);

  useJobEvents("connected", async ({ sessionId }) => {
    const held = [...holding.current.values()].find((one) => one.sessionId === sessionId);
    if (!held) return;
    if (held.isSent) {
      dispatch({ type: "moved", sessionId, phase: "resumed" });
      return;
    }
    held.isSent = true;
    dispatch({ type: "moved", sessionId, phase: "sending" });
    try {
      await extract(held.file, sessionId, held.options, held.controller.signal);
      dispatch({ type: "moved", sessionId, phase: "accepted" });
    } catch (error) {
      dispatch({ type: "moved", sessionId, phase: "unsent", problem: problemOf(error) });
    }
  });

  const add = useCallback<Uploads["add"]>((files, optionsOf) => {
    const added = files.map((file, index): Upload => {
      const [key, sessionId] = [crypto.randomUUID(), crypto.randomUUID()];
      const preview = URL.createObjectURL(file);
      const [options, controller] = [optionsOf(index), new AbortController()];
      holding.current.set(key, { file, preview, options, sessionId, isSent: false, controller });
      turns.current += 1;
      const { name, size } = file;
      return { key, sessionId, turn: turns.current, name, size, preview, phase: "waiting" };
    });
    dispatch({ type: "added", uploads: added });
  }, []);

  const retry = useCallback((key: string) => {
    const held = holding.current.get(key);
    if (!held) return;
    const sessionId = crypto.randomUUID();
    Object.assign(held, { sessionId, isSent: false, options: { ...held.options, fail: false } });
    turns.current += 1;
    dispatch({ type: "again", key, sessionId, turn: turns.current });
  }, []);

  const remove = useCallback((key: string) => {
    const held = holding.current.get(key);
    holding.current.delete(key);
    if (held) letGo(held);
    dispatch({ type: "removed", key });
  }, []);

  useEffect(() => {
    const all = holding.current;
    return () => all.forEach(letGo);
  }, []);

  return { uploads, add, retry, remove };
}

function letGo({ controller, preview }: Held): void {
  controller.abort();
  URL.revokeObjectURL(preview);
}
