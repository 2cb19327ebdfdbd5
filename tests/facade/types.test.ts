import { describe, expectTypeOf, it } from "vitest";
import { z } from "zod";
import type { JobsClient, JobsError } from "../../pkg-template/src/index.js";
import type * as P from "../../pkg-template/src/index.js";

type Mine = P.JobEvents & { mine: { n: number } };
declare const plain: JobsClient;
declare const own: JobsClient<Mine>;

/** Compiled by `tsc -p tests/facade`; never run. */
export function inference(): void {
  plain.on("progress", (payload, meta) => {
    expectTypeOf(payload).toEqualTypeOf<P.ProgressPayload>();
    expectTypeOf(meta).toEqualTypeOf<P.EventMeta>();
  });
  plain.once("job", (job) => expectTypeOf(job).toEqualTypeOf<P.Job>());
  own.on("mine", ({ n }) => expectTypeOf(n).toBeNumber());
  own.on("completed", ({ resultUrl }) => expectTypeOf(resultUrl).toEqualTypeOf<string | undefined>());
  plain.onAny((event, payload) => {
    expectTypeOf(event).toBeString();
    expectTypeOf(payload).toBeUnknown();
  });
  // @ts-expect-error an event nobody declared
  plain.on("mine", () => {});
  // @ts-expect-error the payload has no such field
  plain.on("progress", ({ percent }) => percent);
  // @ts-expect-error a snapshot is immutable
  plain.job("a").current.progress = 3;
  const tracks = plain.entities("track").current;
  expectTypeOf(tracks).toEqualTypeOf<ReadonlyMap<string, P.Entity>>();
  // @ts-expect-error and so is a map of entities
  tracks.set("1", { id: "1", kind: "track", updatedAt: 1, source: "socket" });
  plain.on("job_status", ({ jobId, trackId, progress }) => {
    expectTypeOf([jobId, trackId]).toEqualTypeOf<(string | number | undefined)[]>();
    if (typeof progress === "object")
      expectTypeOf(progress.tracksProcessed).toEqualTypeOf<number | undefined>();
  });
}

describe("types", () => {
  it("are those of the contract", () => {
    expectTypeOf<JobsClient["ready"]>().toEqualTypeOf<Promise<void>>();
    expectTypeOf<JobsClient["connection"]>().toEqualTypeOf<P.Store<P.ConnectionStatus>>();
    expectTypeOf<ReturnType<JobsClient["job"]>>().toEqualTypeOf<P.JobHandle>();
    expectTypeOf<P.JobHandle>().toExtend<P.Store<P.Job>>();
    expectTypeOf<P.JobHandle>().toExtend<AsyncIterable<P.Job>>();
    expectTypeOf<ReturnType<JobsClient["send"]>>().toEqualTypeOf<Promise<P.SendResult>>();
    expectTypeOf<JobsError["code"]>().toEqualTypeOf<P.JobsErrorCode>();
    expectTypeOf<JobsClient>().toExtend<Disposable>();
  });

  it("name what a map and intervals may hold", () => {
    const server = { url: "/", protocol: "broadcast" } as const;
    const map = { fields: { jobId: "job" }, events: { done: "batch_complete" } } as const;
    const good = { ...server, map, intervals: { metric_update: 500 } };
    expectTypeOf(good).toExtend<P.JobsClientOptions>();
    const field = { ...server, map: { fields: { jobID: "job" } } };
    expectTypeOf(field).not.toExtend<P.JobsClientOptions>();
    const event = { ...server, map: { events: { done: "no_event" } } } as const;
    expectTypeOf(event).not.toExtend<P.JobsClientOptions>();
    const interval = { ...server, intervals: { metric_update: "500" } };
    expectTypeOf(interval).not.toExtend<P.JobsClientOptions>();
  });

  it("take any Standard Schema validator that fits its event", () => {
    const options = { url: "/", protocol: "stream", events: { mine: z.object({ n: z.number() }) } } as const;
    expectTypeOf(options).toExtend<P.JobsClientOptions<Mine>>();
    const wrong = { url: "/", protocol: "stream", events: { mine: z.object({ n: z.string() }) } } as const;
    expectTypeOf(wrong).not.toExtend<P.JobsClientOptions<Mine>>();
  });
});
