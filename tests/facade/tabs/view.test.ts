/** What a tab lets its page see when one core follows upon another. */
import { beforeEach, describe, expect, it } from "vitest";
import { Post } from "../../../pkg-template/src/wire/messages.js";
import { createView } from "../../../pkg-template/src/tabs/view.js";
import type { View } from "../../../pkg-template/src/tabs/view.js";
import { createWanted } from "../../../pkg-template/src/runtime/wanted.js";
import type { Wanted } from "../../../pkg-template/src/runtime/wanted.js";
import { toBatch } from "../fake/core.js";
import { job, meta } from "../support.js";

const [DIRTY, BATCH, ATTACHMENT] = [0, 1, 5];
const IDLE = 0;

let wishes: Wanted;
let view: View;
let calls: unknown[][];
/** Jobs whose retry is said once more. */
let retried: string[];

/** What the page is told, jobs as `id status progress/attempt`, events by name. */
function tell(...records: unknown[]): string[] {
  calls = [];
  view.told([[BATCH, 0, toBatch(...records)]], true);
  return calls.flatMap(([, , json]) =>
    (JSON.parse(`[${json as string}]`) as unknown[][]).map(([kind, first, ...more]) =>
      kind === 0 ? `${first} ${more[0]} ${more[1]}/${more[2]}` : `${kind} ${first}`,
    ),
  );
}

const ended = (id: string, name = "completed") => ["event", name, { jobId: id }, meta({ jobId: id })];
const [QUEUED, RUNNING, COMPLETED, FAILED] = [1, 2, 3, 4];

beforeEach(() => {
  wishes = createWanted();
  calls = [];
  retried = [];
  view = createView({
    wishes,
    ends: ["completed", "error", "cancelled"],
    sink: (...call) => calls.push(call),
    settle: () => true,
    retryAgain: (id) => retried.push(id),
  });
  wishes.note([Post.Follow, 0, "a"]);
  wishes.note([Post.Listen, 1, "completed"]);
  wishes.note([Post.Listen, 1, "error"]);
});

describe("with the first core", () => {
  it("a batch passes as it came", () => {
    const json = toBatch(["job", job("a")], ended("a"));
    view.told([[BATCH, 0, json]], true);
    expect(calls).toEqual([[BATCH, 0, json]]);
  });

  it("nothing passes before the tab is connected, but answers", () => {
    view.told(
      [
        [DIRTY, 0],
        [BATCH, 0, toBatch(["job", job("a")], ["answer", 5, "sent"])],
      ],
      false,
    );
    expect(calls).toEqual([[BATCH, 0, '[4,5,"sent"]']]);
  });

  it("attachments pass that belong to what passes", () => {
    const call = (id: number) => [ATTACHMENT, id, new ArrayBuffer(id)] as [number, number, ArrayBuffer];
    wishes.note([Post.Listen, 1, "file"]);
    const event = (name: string, id: number) => ["socket.io event", name, [], { ...meta(), ids: [id] }];
    view.told([call(1), call(2), [BATCH, 0, toBatch(event("other", 1), event("file", 2))]], true);
    expect(calls.map(([kind, n]) => [kind, n])).toEqual([
      [ATTACHMENT, 2],
      [BATCH, 0],
    ]);
  });

  it("an end is told once, by the event or in its place", () => {
    expect(tell(["job", job("a", { status: "completed" })])).toEqual([
      `a ${COMPLETED} null/1`,
      "7 completed",
    ]);
    expect(tell(["job", job("a", { status: "completed" })])).toEqual([`a ${COMPLETED} null/1`]);
    wishes.note([Post.WatchAll, 1]);
    // Known to be over when the tab began to watch: nobody followed it here.
    expect(tell(["job", job("b", { status: "completed" })])).toEqual([`b ${COMPLETED} null/1`]);
    expect(tell(ended("c"))).toEqual(["1 completed"]);
    wishes.note([Post.Follow, 0, "c"]);
    expect(tell(["job", job("c", { status: "completed" })])).toEqual([`c ${COMPLETED} null/1`]);
  });

  it("a tab that rests shows what it knows as old, once", () => {
    tell(
      ["status", { state: "open", everConnected: true, lastMessageAt: 7 }],
      ["job", job("a", { progress: 5 })],
    );
    calls = [];
    view.rest(IDLE);
    view.rest(IDLE);
    const [[, , json]] = calls as [[number, number, string]];
    const [status, one] = JSON.parse(`[${json}]`) as unknown[][];
    expect(calls).toHaveLength(1);
    expect(status?.slice(0, 6)).toEqual([2, IDLE, 0, 1, null, 7]);
    expect(one?.slice(1, 4)).toEqual(["a", RUNNING, 5]);
    expect(one?.[7]).toBe(1);
  });
});

describe("with the next core", () => {
  it("a job goes on where it was", () => {
    tell(["job", job("a", { progress: 60 })]);
    view.renew();
    expect(tell(["job", job("a", { status: "unknown" })])).toEqual([`a ${RUNNING} 60/1`]);
    expect(tell(["job", job("a", { status: "queued" })])).toEqual([`a ${RUNNING} 60/1`]);
    expect(tell(["job", job("a", { progress: 50 })])).toEqual([`a ${RUNNING} 60/1`]);
    expect(tell(["job", job("a", { progress: 70 })])).toEqual([`a ${RUNNING} 70/1`]);
    expect(tell(["job", job("a", { status: "completed" })], ended("a"))).toEqual([
      `a ${COMPLETED} null/1`,
      "1 completed",
    ]);
  });

  it("an end that was told is not told again, that of a new attempt is", () => {
    tell(["job", job("a", { status: "failed" })], ended("a", "error"));
    view.renew();
    expect(tell(["job", job("a", { status: "unknown" })])).toEqual([]);
    expect(tell(["job", job("a", { status: "failed" })], ended("a", "error"))).toEqual([]);
    expect(tell(["job", job("a", { status: "queued", attempt: 2 })])).toEqual([`a ${QUEUED} null/2`]);
    expect(tell(["job", job("a", { status: "failed", attempt: 2 })], ended("a", "error"))).toEqual([
      `a ${FAILED} null/2`,
      "1 error",
    ]);
  });

  it.each(["before", "after"])("a retry %s it speaks leads to a new attempt", (when) => {
    tell(["job", job("a", { status: "failed" })], ended("a", "error"));
    if (when === "before") view.retry("a");
    view.renew();
    if (when === "after") view.retry("a");
    expect(view.retries()).toEqual(["a"]);
    expect(tell(["job", job("a", { status: "unknown" })])).toEqual([]);
    // That the server began it nobody has seen; it does not count.
    expect(tell(["job", job("a")])).toEqual([`a ${RUNNING} null/2`]);
    expect(view.retries()).toEqual([]);
    expect(retried).toEqual([]);
    expect(tell(["job", job("a", { status: "failed" })], ended("a", "error"))).toEqual([
      `a ${FAILED} null/2`,
      "1 error",
    ]);
  });

  it("a retry is said once more when a core finds the old end, which is not told again", () => {
    tell(["job", job("a", { status: "failed" })], ended("a", "error"));
    view.retry("a");
    view.renew();
    expect(tell(["job", job("a", { status: "failed" })], ended("a", "error"))).toEqual([]);
    expect(retried).toEqual(["a"]);
    expect(tell(["job", job("a", { status: "queued", attempt: 2 })])).toEqual([`a ${QUEUED} null/2`]);
    expect(view.retries()).toEqual([]);
  });

  it("a retry that was followed by a new attempt, or of a job that has not failed, is not remembered", () => {
    tell(["job", job("a", { status: "failed" })]);
    view.retry("a");
    tell(["job", job("a", { status: "queued", attempt: 2 })]);
    view.retry("a");
    view.retry("b");
    expect(view.retries()).toEqual([]);
  });

  it("attempts are counted on where the server does not count them", () => {
    tell(["job", job("a", { status: "failed", attempt: 3 })]);
    view.renew();
    expect(tell(["job", job("a", { status: "unknown" })], ["job", job("a", { status: "failed" })])).toEqual(
      [],
    );
    // A retry in the new core.
    expect(tell(["job", job("a", { status: "queued", attempt: 2 })])).toEqual([`a ${QUEUED} null/4`]);
    view.renew();
    expect(tell(["job", job("a", { status: "running", attempt: 4 })])).toEqual([`a ${RUNNING} null/4`]);
  });

  it("numbers of events go on, behind those that were told in the place of the core too", () => {
    const seqs = () =>
      calls.flatMap(([, , json]) =>
        (JSON.parse(`[${json as string}]`) as unknown[][])
          .filter(([kind]) => kind !== 0)
          .map((line) => line[3]),
      );
    const event = (seq: number) => ["event", "error", {}, meta({ seq })];
    tell(event(4), ["job", job("a", { status: "completed" })]);
    expect(seqs()).toEqual([4, 5]);
    tell(event(5));
    expect(seqs()).toEqual([6]);
    view.renew();
    tell(event(1));
    expect(seqs()).toEqual([7]);
  });
});
