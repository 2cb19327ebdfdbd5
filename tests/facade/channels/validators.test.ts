import { type } from "arktype";
import { createElement as h } from "react";
import * as v from "valibot";
import { assert, describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { JobsClient } from "../../../pkg-template/src/index.js";
import type * as P from "../../../pkg-template/src/index.js";
import { JobsProvider } from "../../../pkg-template/src/react/index.js";
import { provideJobs } from "../../../pkg-template/src/svelte/index.js";
import { made } from "../fake/core.js";
import { meta } from "../support.js";

const server = { url: "https://jobs.test", protocol: "broadcast" } as const;

/** Compiled by `tsc -p tests/facade`; never run. */
export function inference(): void {
  const client = new JobsClient({
    ...server,
    events: {
      from_zod: z.object({ n: z.string().transform(Number) }),
      from_valibot: v.object({ list: v.array(v.string()) }),
      from_arktype: type({ "word?": "'a' | 'b'" }),
      progress: z.object({ percent: z.number() }),
    },
    intervals: { from_zod: 100, metric_update: 500 },
  });
  client.on("from_zod", (payload) => expectTypeOf(payload).toEqualTypeOf<{ n: number }>());
  client.once("from_valibot", ({ list }) => expectTypeOf(list).toEqualTypeOf<string[]>());
  client.on("from_arktype", ({ word }) => expectTypeOf(word).toEqualTypeOf<"a" | "b" | undefined>());
  // The built-in ones stay, but where a validator says otherwise.
  client.on("track_enriched", (payload) => expectTypeOf(payload).toEqualTypeOf<P.TrackEnrichedPayload>());
  client.on("job", (job) => expectTypeOf(job).toEqualTypeOf<P.Job>());
  client.on("progress", (payload) => expectTypeOf(payload).toEqualTypeOf<{ percent: number }>());
  // @ts-expect-error an event nobody declared
  client.on("from_zood", () => {});
  // @ts-expect-error the validator's result has no such field
  client.on("from_zod", ({ m }) => m);
  // @ts-expect-error no event to have an interval
  new JobsClient({ ...server, events: { mine: z.string() }, intervals: { other: 1 } });
  // @ts-expect-error no validator
  new JobsClient({ ...server, events: { mine: () => true } });
  // @ts-expect-error there is no such option
  new JobsClient({ ...server, events: { mine: z.string() }, evnets: {} });

  const provided = provideJobs({ ...server, events: { mine: z.number() } });
  provided.on("mine", (n) => expectTypeOf(n).toBeNumber());
  provided.on("job", (job) => expectTypeOf(job).toEqualTypeOf<P.Job>());
  expectTypeOf(provideJobs(client)).toEqualTypeOf(client);
  const options = { ...server, events: { mine: z.number() }, intervals: { mine: 1, metric_update: 2 } };
  h(JobsProvider, { options });
  JobsProvider({ options });

  const plain = new JobsClient({ ...server, intervals: { metric_update: 500 } });
  expectTypeOf(plain).toEqualTypeOf<JobsClient>();
  // @ts-expect-error no event to have an interval
  new JobsClient({ ...server, intervals: { other: 1 } });
  const declared = new JobsClient<P.JobEvents & { mine: number }>({
    ...server,
    events: { mine: z.number() },
  });
  declared.on("mine", (n) => expectTypeOf(n).toBeNumber());
  // @ts-expect-error the validator makes something else of it
  new JobsClient<P.JobEvents & { mine: number }>({ ...server, events: { mine: z.string() } });
}

describe.each([
  ["zod", z.object({ n: z.number() })],
  ["valibot", v.object({ n: v.number() })],
  ["arktype", type({ n: "number" })],
] as const)("a validator of %s", (_library, mine) => {
  async function connect(onInvalid?: P.JobsClientOptions["onInvalid"]) {
    const heard: unknown[] = [];
    const invalid: P.InvalidPayload[] = [];
    const entries: P.LogEntry[] = [];
    const client = new JobsClient({
      ...server,
      events: { mine },
      logger: (entry) => entries.push(entry),
      ...(onInvalid && { onInvalid }),
    });
    client.on("mine", ({ n }, { invalid: reason }) => heard.push(reason ? `${n}: ${reason}` : n));
    client.on("invalid", (event) => invalid.push(event));
    await client.ready;
    const core = made.at(-1);
    assert(core);
    core.urgent(...[1, "two", 3].map((n) => ["event", "mine", { n }, meta()]));
    return { client, core, heard, invalid, entries };
  }

  it("drops what is not valid, says why, and counts it", async () => {
    const { client, core, heard, invalid, entries } = await connect();
    expect(heard).toEqual([1, 3]);
    const [{ reason, issues, ...rest }] = invalid as [P.InvalidPayload];
    expect(rest).toEqual({ event: "mine", code: "invalid-event", payload: { n: "two" } });
    expect(reason).toMatch(/number/);
    expect(Array.from(issues ?? [], ({ message }) => message)).toEqual([reason]);
    expect(entries).toMatchObject([{ level: "warn", code: "invalid-event", message: `mine: ${reason}` }]);
    const audit = client.audit();
    // Ten came, of which the core had three told: the last ones of their frames.
    core.sink("reply", core.heard("audit")[0]?.[1] as number, [["mine", 10, 3, 0, 1, 0, 7]]);
    expect(await audit).toEqual([
      { event: "mine", received: 10, delivered: 2, invalid: 1, listeners: 1, unhandled: 0, lastAt: 7 },
    ]);
    client.close();
  });

  it("passes it on with the reason", async () => {
    const { client, core, heard, invalid } = await connect("pass");
    expect(heard).toEqual([1, `two: ${invalid[0]?.reason}`, 3]);
    const audit = client.audit();
    core.sink("reply", core.heard("audit")[0]?.[1] as number, [["mine", 3, 3, 0, 1, 0, 7]]);
    expect(await audit).toMatchObject([{ delivered: 3, invalid: 1 }]);
    client.close();
  });

  it("is not asked about what the core has refused already and passes on", async () => {
    const { client, core, heard, invalid } = await connect("pass");
    core.urgent(["event", "mine", { n: "four" }, meta({ invalid: "no number" })]);
    expect(heard.at(-1)).toBe("four: no number");
    expect(invalid).toHaveLength(1);
    client.close();
  });

  it("keeps it", async () => {
    const { client, core, heard, invalid } = await connect("quarantine");
    expect(heard).toEqual([1, 3]);
    const inspection = client.inspect();
    core.reply("inspect", true, [[0, 0, 0], [0], [0], [0]]);
    expect((await inspection).quarantine).toEqual(invalid);
    client.close();
  });
});
