/** What a server names as the address of a result: it can be linked, or it is text. */
import { act, createElement as h } from "react";
import { createRoot } from "react-dom/client";
import { describe, expect, it, vi } from "vitest";
import type { Entity, Job, JobsClientOptions } from "../../../pkg-template/src/index.js";
import { JobsProvider, useJob } from "../../../pkg-template/src/react/index.js";
import { frame, job, meta, microtasks, open } from "../support.js";

const OPENABLE = [
  "https://results.test/a?b=c#d",
  "http://results.test/a",
  "HTTPS://results.test",
  " https://results.test/with-a-space-before",
  "//results.test/a",
  "\\\\results.test\\a",
  "/api/v1/results/7",
  "results/javascript:7",
  "./javascript:alert(1)",
  "?javascript:alert(1)",
  "",
  "/%zz/%E0%A4%A/100%",
  "/" + "x".repeat(65_000),
  "blob:https://jobs.test/b4e0a9a2-8c5b-4d8e-a5f3-3c1b9f7f0d11",
];

const TEXT_ONLY = [
  "javascript:alert(1)",
  "JaVaScRiPt:alert(1)",
  "java\nscript:alert(1)",
  "java\tscript\r:alert(1)",
  "\u0000\u001f javascript:alert(1)",
  "javascript://results.test/%0aalert(1)",
  "vbscript:msgbox(1)",
  "data:text/html,<script>alert(1)</script>",
  "filesystem:https://jobs.test/temporary/a.html",
  "intent://results.test#Intent;scheme=https;end",
  "file:///etc/passwd",
  "about:blank",
  "ws://results.test",
  "mailto:a@b.test",
  "https://%zz/",
  "https://",
  "https:",
  "http:",
  "http://results.test:99999999/",
  "data:" + "x".repeat(65_000),
];

const ALL = [
  ...OPENABLE.map((url) => [url, { resultUrl: url }] as const),
  ...TEXT_ONLY.map((url) => [url, { unsafeResultUrl: url }] as const),
];

/** Those members alone. */
const addressOf = (value: unknown) => {
  const { resultUrl, unsafeResultUrl } = value as Partial<Job>;
  return {
    ...(resultUrl !== undefined && { resultUrl }),
    ...(unsafeResultUrl !== undefined && { unsafeResultUrl }),
  };
};

const BAD = "javascript:alert(1)";
const TEXT = { unsafeResultUrl: BAD };
const socketIo = { protocol: "socket.io", namespace: "/jobs" } as const;
const broadcast = { protocol: "broadcast" } as const;

/** Collects the payloads of an event. */
async function hearing(options: Partial<JobsClientOptions>, event: string) {
  const { client, core } = await open(options);
  const payloads: unknown[] = [];
  client.on(event as "completed", (payload) => payloads.push(payload));
  return { client, core, payloads };
}

describe("the address of a result", () => {
  it("is that of the job where it can be linked, and else only text", async () => {
    const { client, core } = await open();
    for (const [url, expected] of ALL) {
      core.urgent(["job", job("a", { status: "completed", resultUrl: url })]);
      expect([url, addressOf(client.job("a").current)]).toEqual([url, expected]);
    }
  });

  it("can be resolved by every page where it can be linked", () => {
    for (const url of OPENABLE)
      for (const page of ["https://app.test/a/b", "http://127.0.0.1:8787"])
        expect(() => new URL(url, page)).not.toThrow();
  });

  it("is checked in what was read over HTTP", async () => {
    const { client, core } = await open();
    const read = client.job("a").refresh();
    await microtasks();
    core.replyJob("refresh", job("a", { status: "completed", resultUrl: BAD, source: "polling" }));
    expect(addressOf(await read)).toEqual(TEXT);
  });

  it("is checked in jobs as entities and in lists", async () => {
    vi.useFakeTimers();
    const { client, core } = await open(broadcast);
    let entities = new Map<string, Entity>() as ReadonlyMap<string, Entity>;
    client.entities("jobs").subscribe((all) => (entities = all));
    core.push(["job", job("a", { status: "completed", resultUrl: BAD })]);
    await frame();
    expect(addressOf(entities.get("a")?.data)).toEqual(TEXT);
    expect(client.jobs().current.map(addressOf)).toEqual([TEXT]);
  });

  it("is checked in the data of tracks and playlists, at any depth", async () => {
    vi.useFakeTimers();
    const { client, core } = await open(broadcast);
    let entities = new Map<string, Entity>() as ReadonlyMap<string, Entity>;
    client.entities("tracks").subscribe((all) => (entities = all));
    const data = { result_url: BAD, parts: [{ result_url: "/r" }, { resultUrl: BAD, part: 2 }] };
    core.push(["entity", { kind: "track", id: "1", data }]);
    await frame();
    expect(entities.get("1")?.data).toEqual({
      unsafeResultUrl: BAD,
      parts: [{ resultUrl: "/r" }, { unsafeResultUrl: BAD, part: 2 }],
    });
  });

  it.each([
    ["stream", "completed", { protocol: "stream" }],
    ["broadcast", "job_status", broadcast],
    ["broadcast", "enrichment_job_completed", broadcast],
    ["broadcast", "bulk_import_progress", broadcast],
  ] as const)("is checked in the payload of the %s event %s", async (_, event, options) => {
    const { core, payloads } = await hearing(options, event);
    const origin = meta({ jobId: "a" });
    core.urgent(["server event", event, { job_id: "a", result_url: BAD, duration_seconds: 2 }, origin]);
    core.urgent(["server event", event, { job_id: "a", result_url: "/r" }, origin]);
    expect(payloads).toEqual([
      { jobId: "a", unsafeResultUrl: BAD, durationSeconds: 2 },
      { jobId: "a", resultUrl: "/r" },
    ]);
  });

  it("is checked where the protocol does not know a built-in event", async () => {
    const { core, payloads } = await hearing({}, "job_completed");
    core.urgent(["event", "job_completed", { id: "a", result_url: BAD }, meta()]);
    core.urgent(["event", "job_completed", { id: "a", result_url: "/r", more_of_it: 1 }, meta()]);
    expect(payloads).toEqual([
      { id: "a", unsafe_result_url: BAD },
      { id: "a", result_url: "/r", more_of_it: 1 },
    ]);
  });

  it.each(["job_completed", "job_updated", "job_created"])(
    "is checked in the payload and the arguments of the socket.io event %s",
    async (event) => {
      const { client, core } = await open(socketIo);
      const seen: unknown[] = [];
      client.on(event as "job_completed", (payload, { args }) => seen.push(payload, ...(args ?? [])));
      const args = [{ id: "a", status: "completed", result_url: BAD }];
      core.urgent(["socket.io event", event, args, meta({ known: 1 } as object)]);
      const expected = { id: "a", status: "completed", unsafeResultUrl: BAD };
      expect(seen).toEqual([expected, expected]);
    },
  );

  it("is checked in each job of a jobs_list, on every channel", async () => {
    const { client, core } = await open(socketIo);
    const lists: unknown[] = [];
    client.on("jobs_list", (payload) => lists.push(payload));
    client.channel("/other").on("jobs_list", (payload) => lists.push(payload));
    const args = [
      {
        jobs: [
          { id: "a", result_url: BAD },
          { id: "b", result_url: "/r" },
          { id: "c", result_url: null },
        ],
      },
    ];
    core.urgent(["socket.io event", "jobs_list", args, meta({ known: 1 } as object)]);
    core.urgent(["socket.io event", "/other,jobs_list", args, meta()]);
    expect(lists).toEqual([
      {
        jobs: [
          { id: "a", unsafeResultUrl: BAD },
          { id: "b", resultUrl: "/r" },
          { id: "c", resultUrl: null },
        ],
      },
      {
        jobs: [
          { id: "a", unsafe_result_url: BAD },
          { id: "b", result_url: "/r" },
          { id: "c", result_url: null },
        ],
      },
    ]);
  });

  it.each([
    ["stream", "completed", { protocol: "stream" }],
    ["broadcast", "enrichment_job_completed", broadcast],
    ["broadcast", "job_status", broadcast],
    ["socket.io", "job_completed", socketIo],
  ] as const)("is checked in the end that a read found, over %s as %s", async (_, event, options) => {
    const { core, payloads } = await hearing(options, event);
    const { id, updatedAt } = job("a");
    const values = [id, 3, 100, 1, updatedAt, 1, 0, null, 2, null, null, BAD];
    core.urgent(["own event", event, values, "a"]);
    expect(payloads.map(addressOf)).toEqual([TEXT]);
  });

  it("is text where it is none at all and is passed on all the same", async () => {
    const { core, payloads } = await hearing({ onInvalid: "pass" }, "completed");
    const wrong = meta({ invalid: "resultUrl: expected a string, got an array" });
    for (const value of [[BAD], { href: BAD }, 7, true])
      core.urgent(["event", "completed", { result_url: value }, wrong]);
    expect(payloads).toEqual(
      [[BAD], { href: BAD }, 7, true].map((value) => ({ unsafe_result_url: JSON.stringify(value) })),
    );
  });

  it("is the app's business in an event of its own", async () => {
    const { core, payloads } = await hearing({}, "my_upload");
    core.urgent(["event", "my_upload", { resultUrl: "s3://bucket/key" }, meta()]);
    expect(payloads).toEqual([{ resultUrl: "s3://bucket/key" }]);
  });

  it("reaches validators as it reaches listeners", async () => {
    const seen: unknown[] = [];
    const validate = (value: unknown) => ({ value: (seen.push(value), value) });
    const schema = { "~standard": { version: 1, vendor: "test", validate } } as const;
    const { client, core } = await open({ events: { completed: schema } } as object);
    client.on("completed", () => {});
    core.urgent(["server event", "completed", { result_url: BAD }, meta()]);
    expect(seen).toEqual([TEXT]);
  });

  it("leaves the prototype of objects alone", async () => {
    const { core, payloads } = await hearing({}, "completed");
    const payload = JSON.parse(
      `{"__proto__":{"resultUrl":"${BAD}"},"constructor":{"result_url":"/r"}}`,
    ) as object;
    core.urgent(["server event", "completed", payload, meta()]);
    expect(Object.keys(payloads[0] as object)).toEqual(["__proto__", "constructor"]);
    expect("resultUrl" in {} || "unsafeResultUrl" in {}).toBe(false);
  });

  it("comes through the wrapper for React", async () => {
    vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
    const { client, core } = await open();
    const seen: unknown[] = [];
    const Probe = () => {
      seen.push(addressOf(useJob("a")));
      return null;
    };
    const root = createRoot(document.createElement("div"));
    await act(async () => root.render(h(JobsProvider, { client }, h(Probe))));
    await act(async () => core.urgent(["job", job("a", { status: "completed", resultUrl: BAD })]));
    expect(seen.at(-1)).toEqual(TEXT);
    await act(async () => root.unmount());
  });
});
