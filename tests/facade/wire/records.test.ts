// @vitest-environment node
import { describe, expect, it } from "vitest";
import { JobsError } from "../../../pkg-template/src/errors.js";
import { toInspection, toJob, toMeta, toPayload, toStatus } from "../../../pkg-template/src/wire/records.js";
import type { JobFields } from "../../../pkg-template/src/wire/records.js";
import { createWording } from "../../../pkg-template/src/wire/problems.js";

const { problem } = createWording();

/** Lists by way of JSON, as they come. */
const sent = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

describe("a job record", () => {
  it("becomes a job with every member", () => {
    const record = sent([
      "j",
      4,
      12.5,
      2,
      1000,
      1,
      1,
      3000,
      4.5,
      "stage",
      "message",
      "/r",
      "broke",
      1,
      "upload",
    ]);
    expect(toJob(record as JobFields)).toStrictEqual({
      id: "j",
      status: "failed",
      progress: 12.5,
      stage: "stage",
      message: "message",
      resultUrl: "/r",
      durationSeconds: 4.5,
      error: { message: "broke", retryable: true, stage: "upload" },
      attempt: 2,
      updatedAt: 1000,
      source: "polling",
      stale: true,
      etaMs: 3000,
    });
  });

  it("has absent members, not null, for what is unknown", () => {
    expect(toJob(["j", 2, null, 1, 7, 0, 0, null, null, null, null, null])).toStrictEqual({
      id: "j",
      status: "running",
      attempt: 1,
      updatedAt: 7,
      source: "socket",
      stale: false,
    });
    expect(toJob(["j", 4, null, 1, 7, 0, 0, null, null, null, null, null, "", 0, null]).error).toStrictEqual({
      message: "",
      retryable: false,
    });
  });

  it("has counts, of which some are unknown", () => {
    const plain = ["j", 2, 50, 1, 7, 0, 0, null, null, null, null, null] as const;
    expect(toJob([...plain, null, 0, null, 4, 2, 0, null]).counts).toStrictEqual({
      total: 4,
      processed: 2,
      succeeded: 0,
    });
    expect(toJob([...plain, null, 0, null, null, 0, null, null])).toMatchObject({ counts: { processed: 0 } });
    expect(toJob([...plain, null, 0, null])).not.toHaveProperty("counts");
    expect(toJob([...plain, null, 0, null, 4, 2, 0, null])).not.toHaveProperty("error");
  });

  it("keeps zeros and empty texts", () => {
    expect(toJob(["j", 1, 0, 1, 0, 0, 0, 0, 0, "", "", ""])).toStrictEqual({
      id: "j",
      status: "queued",
      progress: 0,
      stage: "",
      message: "",
      resultUrl: "",
      durationSeconds: 0,
      attempt: 1,
      updatedAt: 0,
      source: "socket",
      stale: false,
      etaMs: 0,
    });
  });

  it.each(["unknown", "queued", "running", "completed", "failed", "cancelled"].map((word, n) => [n, word]))(
    "has the status %i for %s",
    (n, word) => {
      expect(toJob(["j", n as number, null, 1, 7, 0, 0, null, null, null, null, null]).status).toBe(word);
    },
  );
});

describe("the rest of an event record", () => {
  it("becomes its meta, without null", () => {
    expect(toMeta([1, 2, 0, null, null])).toStrictEqual({ seq: 1, at: 2, source: "socket" });
    expect(toMeta([1, 2, 1, "j", "why"])).toStrictEqual({
      seq: 1,
      at: 2,
      source: "polling",
      jobId: "j",
      invalid: "why",
    });
  });
});

describe("a status record", () => {
  it("becomes a status, without null", () => {
    expect(toStatus([0, 0, 0, null, null, 0], problem)).toStrictEqual({
      state: "idle",
      attempt: 0,
      everConnected: false,
    });
    const { error, ...rest } = toStatus([3, 2, 1, 30, 20, 14], problem);
    expect(rest).toStrictEqual({
      state: "waiting",
      attempt: 2,
      everConnected: true,
      nextRetryAt: 30,
      lastMessageAt: 20,
    });
    expect(error).toBeInstanceOf(JobsError);
    expect(error).toMatchObject({ code: "network", message: "The connection was lost." });
  });

  it("is open over polling where it says so, and only when open", () => {
    expect(toStatus([2, 0, 1, null, null, 0, 1], problem).transport).toBe("polling");
    expect(toStatus([2, 0, 1, null, null, 0, 0], problem).transport).toBe("websocket");
    expect(toStatus([1, 0, 1, null, null, 0, 1], problem).transport).toBeUndefined();
  });

  it.each([
    ["idle", undefined],
    ["connecting", undefined],
    ["open", "websocket"],
    ["waiting", undefined],
    ["polling", "polling"],
    ["suspended", undefined],
    ["failed", undefined],
    ["closed", undefined],
  ])("of the state %s has the transport %s", (state, transport) => {
    const states = ["idle", "connecting", "open", "waiting", "polling", "suspended", "failed", "closed"];
    const status = toStatus([states.indexOf(state), 0, 0, null, null, 0], problem);
    expect(status.state).toBe(state);
    expect(status.transport).toBe(transport);
    expect("transport" in status).toBe(transport !== undefined);
  });
});

describe("an event of the core", () => {
  const job = (status: number, ...more: unknown[]) =>
    ["j", status, 12.5, 1, 7, 1, 0, null, 4.5, "stage", "why", "/r", ...more] as never[];

  it.each([
    ["gap", [0, 10, 20, 1], { jobId: "j", from: 10, to: 20, healed: true }],
    ["gap", [0, 10, 20, 0], { jobId: "j", from: 10, to: 20, healed: false }],
    ["reconnected", [0, 2, 30], { attempts: 2, downMs: 30, transport: "websocket" }],
    ["reconnected", [0, 2, 30, 1, 0], { attempts: 2, downMs: 30, transport: "polling" }],
    ["reconnected", [0, 2, 30, 0, 1], { attempts: 2, downMs: 30, transport: "websocket", recovered: true }],
    ["invalid", [0, "progress", "c", "r", "{}"], { event: "progress", code: "c", reason: "r", raw: "{}" }],
    ["invalid", [0, null, "c", "r", ""], { code: "c", reason: "r", raw: "" }],
    [
      "completed",
      job(3),
      { type: "completed", jobId: "j", progress: 100, resultUrl: "/r", durationSeconds: 4.5 },
    ],
    ["cancelled", job(5), { type: "cancelled", jobId: "j" }],
    ["error", job(4), { type: "error", jobId: "j", error: { message: "why", retryable: false } }],
    [
      "error",
      job(4, "broke", 1, "upload"),
      { type: "error", jobId: "j", error: { message: "broke", retryable: true, stage: "upload" } },
    ],
    [
      "error",
      ["j", 4, null, 1, 7, 1, 0, null, null, null, null, null] as never[],
      { type: "error", jobId: "j", error: { message: "The job failed.", retryable: false } },
    ],
  ])("%s has the payload of a message: %j", (event, values, payload) => {
    expect(toPayload(event, values, [1, 7, 0, "j", null])).toStrictEqual(payload);
  });
});

describe("the lists of inspect()", () => {
  it("become an inspection, without null", () => {
    const figures = Array.from({ length: 31 }, (_, place) => place + 10);
    const inspection = toInspection(
      [0, 4, 3, ...figures],
      [0, null, 2, 0, 5, "j", 0, 1, 6, "k", 1, 2, 7, "l", 3, 3, 8, "m", 4, 4, 9],
      [0, "j", 0, 1, "k", 1, 2, "l", 2, 3],
      [0, 1, 100, "progress", "{}", null, 2, 101, "mine", "[]", "why"],
    );
    expect(inspection).toStrictEqual({
      state: "polling",
      jobs: 3,
      connections: [
        { state: "open", attempt: 0, silentForMs: 5 },
        { jobId: "j", state: "token", attempt: 1, silentForMs: 6 },
        { jobId: "k", state: "connecting", attempt: 2, silentForMs: 7 },
        { jobId: "l", state: "waiting", attempt: 3, silentForMs: 8 },
        { jobId: "m", state: "down", attempt: 4, silentForMs: 9 },
      ],
      subscriptions: [
        { jobId: "j", servedBy: "none", followers: 1 },
        { jobId: "k", servedBy: "socket", followers: 2 },
        { jobId: "l", servedBy: "polling", followers: 3 },
      ],
      queues: {
        outgoing: 10,
        outgoingBytes: 11,
        reading: 12,
        readsInLine: 13,
        jobsInLine: 14,
        reminders: 15,
        overflowed: 16,
      },
      counters: {
        frames: 17,
        bytes: 18,
        events: 19,
        invalid: 20,
        late: 21,
        duplicates: 22,
        afterEnd: 23,
        stale: 24,
        opened: 25,
        reconnected: 26,
        handshakeTimeouts: 27,
        silences: 28,
        wakes: 29,
        reads: 30,
        failedReads: 31,
        expired: 32,
        refusedJobs: 33,
        forgottenJobs: 34,
        cutTexts: 35,
        forgottenEntities: 36,
        leftOutMembers: 37,
        unkeptEvents: 38,
        unnamedEvents: 39,
        droppedReplies: 40,
      },
      history: [
        { seq: 1, at: 100, event: "progress", payload: "{}" },
        { seq: 2, at: 101, event: "mine", payload: "[]", invalid: "why" },
      ],
    });
  });

  it("may be empty", () => {
    const { connections, subscriptions, history } = toInspection([0, 0, 0], [0], [0], [0]);
    expect([connections, subscriptions, history]).toEqual([[], [], []]);
  });
});
