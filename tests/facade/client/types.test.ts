import { describe, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { JobsClient } from "../../../pkg-template/src/index.js";
import type { JobsError } from "../../../pkg-template/src/index.js";
import type * as P from "../../../pkg-template/src/index.js";
import * as react from "../../../pkg-template/src/react/index.js";
import * as svelte from "../../../pkg-template/src/svelte/index.js";

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
  plain.on("job_updated", (job) => {
    expectTypeOf([job.progress, job.durationSeconds]).toEqualTypeOf<(number | undefined)[]>();
    expectTypeOf([job.statusMessage, job.title, job.createdAt]).toEqualTypeOf<(string | undefined)[]>();
    expectTypeOf(job.resultUrl).toEqualTypeOf<string | null | undefined>();
  });
  plain.on("performance_state", ({ songId }) =>
    expectTypeOf(songId).toEqualTypeOf<string | null | undefined>(),
  );
  // @ts-expect-error the payload has no such field
  plain.on("completed", ({ resultURL }) => resultURL);
  // @ts-expect-error nor has that of a failure
  plain.on("error", ({ error }) => error.reason);
  // @ts-expect-error nor that of the greeting
  plain.on("connected", ({ session }) => session);
  // @ts-expect-error nor a job of the queue
  plain.on("job_updated", ({ progres }) => progres);
  // @ts-expect-error nor one of the list
  plain.on("jobs_list", ({ jobs }) => jobs[0]?.stats);
  // @ts-expect-error nor the answer of the server
  plain.on("subscribed", ({ rooms }) => rooms);
  // @ts-expect-error nor the performance
  plain.on("performance_state", ({ isPlayin }) => isPlayin);
}

/** The same: events of the app in hooks, by what they are given or told. */
export function hooks(): void {
  const { useJobEvents } = react;
  const checked = new JobsClient({
    url: "/",
    protocol: "socket.io",
    events: { mine: z.object({ n: z.string().transform(Number) }) },
  });
  const channel = react.useChannel<Mine>("/jobs");

  useJobEvents("mine", ({ n }) => n.toFixed(), checked);
  useJobEvents("mine", ({ n }) => n.toFixed(), own);
  useJobEvents("mine", ({ n }) => n.toFixed(), channel);
  useJobEvents("mine", ({ n }) => n.toFixed(), checked.channel("/jobs"));
  useJobEvents("progress", (payload, meta) => {
    expectTypeOf(payload).toEqualTypeOf<P.ProgressPayload>();
    expectTypeOf(meta).toEqualTypeOf<P.EventMeta>();
  });
  useJobEvents("progress", ({ progress }) => progress.toFixed(), checked);
  useJobEvents("job", ({ status }) => status, react.useChannel("/jobs"));
  // @ts-expect-error the client has no such event
  useJobEvents("min", () => {}, checked);
  // @ts-expect-error nor has its event such a member
  useJobEvents("mine", ({ m }) => m, checked);
  // @ts-expect-error the validator makes a number of it
  useJobEvents("mine", ({ n }) => n.length, checked);
  // @ts-expect-error the channel has no such event
  useJobEvents("min", () => {}, channel);
  // @ts-expect-error who knows nothing of the app knows nothing of its events
  useJobEvents("mine", () => {});

  useJobEvents<Mine, "mine">("mine", ({ n }) => n.toFixed());
  // @ts-expect-error no such event
  useJobEvents<Mine, "min">("min", () => {});
  // @ts-expect-error no such member
  useJobEvents<Mine, "mine">("mine", ({ m }) => m);
  for (const hook of [react.useJobEvents, svelte.useJobEvents]) {
    const useMyEvents: P.UseJobEvents<Mine> = hook;
    useMyEvents("mine", ({ n }) => n.toFixed());
    useMyEvents("mine", ({ n }) => n.toFixed(), own);
    useMyEvents("completed", ({ resultUrl }) => resultUrl?.length);
    // @ts-expect-error no such event
    useMyEvents("min", () => {});
    // @ts-expect-error no such member
    useMyEvents("mine", ({ m }) => m);
  }

  svelte.useJobEvents("mine", ({ n }) => n.toFixed(), checked);
  svelte.useJobEvents("mine", ({ n }) => n.toFixed(), svelte.useChannel<Mine>("/jobs"));
  svelte.useJobEvents<Mine, "mine">("mine", ({ n }) => n.toFixed());
  svelte.useJobEvents("progress", ({ progress }) => progress.toFixed());
  // @ts-expect-error the client has no such event
  svelte.useJobEvents("min", () => {}, checked);
  // @ts-expect-error nor has its event such a member
  svelte.useJobEvents("mine", ({ m }) => m, checked);
  // @ts-expect-error who knows nothing of the app knows nothing of its events
  svelte.useJobEvents("mine", () => {});
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
