/** What an app writes without a library: JSON.parse, a zod schema, a Map; and, if bars are to move, who to tell. */
import { z } from "zod";

const base = {
  job_id: z.string(),
  timestamp: z.string().optional(),
  attempt: z.number().int().min(0).optional(),
};
const progress = z.number().min(0).max(100);

export const eventSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("progress"),
    ...base,
    progress,
    stage: z.string().optional(),
    message: z.string().optional(),
  }),
  z.object({
    type: z.literal("completed"),
    ...base,
    progress: progress.optional(),
    result_url: z.string().optional(),
    duration_seconds: z.number().optional(),
  }),
  z.object({
    type: z.literal("error"),
    ...base,
    error: z.object({ message: z.string(), retryable: z.boolean(), stage: z.string().optional() }),
  }),
  z.object({ type: z.literal("cancelled"), ...base }),
  z.object({ type: z.literal("heartbeat"), timestamp: z.string().optional() }),
]);

/** @typedef {z.infer<typeof eventSchema>} StreamEvent */

/** @param {string | ArrayBuffer} data @param {TextDecoder} decoder */
const parse = (data, decoder) => JSON.parse(typeof data === "string" ? data : decoder.decode(data));

/** @param {(event: StreamEvent) => void} [changed] called for each stored event */
export function createContender(changed) {
  /** @type {Map<string, StreamEvent>} */
  const jobs = new Map();
  const decoder = new TextDecoder();
  let refused = 0;

  /** @param {unknown} value */
  const take = (value) => {
    const { success, data } = eventSchema.safeParse(value);
    if (!success) refused += 1;
    else if (data.type !== "heartbeat") {
      jobs.set(data.job_id, data);
      changed?.(data);
    }
  };

  return {
    jobs,
    refused: () => refused,
    /** @param {MessageEvent} event */
    onmessage({ data }) {
      const value = parse(data, decoder);
      if (Array.isArray(value)) for (const one of value) take(one);
      else take(value);
    },
  };
}

/** The same with subscribers: each changed job's are told once a frame. */
export function createNotifyingContender() {
  /** @type {Map<string, Set<(event: StreamEvent) => void>>} */
  const listeners = new Map();
  /** @type {Set<string>} */
  const dirty = new Set();
  let frame = 0;
  const flush = () => {
    frame = 0;
    for (const id of dirty) {
      const job = contender.jobs.get(id);
      if (job) for (const listener of listeners.get(id) ?? []) listener(job);
    }
    dirty.clear();
  };
  const contender = createContender((event) => {
    if (event.type === "heartbeat") return;
    dirty.add(event.job_id);
    frame ||= requestAnimationFrame(flush);
  });
  return {
    ...contender,
    /** @param {string} id @param {(event: StreamEvent) => void} listener */
    subscribe(id, listener) {
      const list = listeners.get(id);
      if (list) list.add(listener);
      else listeners.set(id, new Set([listener]));
    },
  };
}
