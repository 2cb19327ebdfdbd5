import { afterAll, describe, expect, it } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Backend, NOTIFY_TOKEN } from "./backend.ts";
import { sampleWav } from "./make-sample.mjs";

const GOOD = sampleWav({ bpm: 100 });
const BAD = "no recording at all";

const server = await new Backend({}).start();

describe("a job", () => {
  it("is told track by track, with counts, to every socket", async () => {
    const watchers = [await server.watch(), await server.watch("/anywhere")];
    const { status, body } = await server.send([GOOD, BAD, GOOD, GOOD, GOOD, GOOD, GOOD]);
    expect(status).toBe(202);
    const { jobId, tracks } = body;
    expect(jobId).toBeNumber();
    const [messages, same] = await Promise.all(watchers.map((watcher) => watcher.end(jobId)));
    expect(same).toEqual(messages);

    const ofJob = messages.filter((data) => data.trackId === undefined);
    const counts = ofJob.map(({ status, progress }) => [status, ...Object.values(progress)]);
    expect(counts).toEqual([
      ["processing", 0, 0, 0, 7],
      ["processing", 5, 4, 1, 7],
      ["processing", 7, 6, 1, 7],
      ["completed", 7, 6, 1, 7],
    ]);
    for (const [index, { trackId }] of tracks.entries()) {
      const told = messages.filter((data) => data.trackId === trackId);
      expect(trackId).toBeString();
      expect(told.map((data) => data.status)).toEqual(["analyzing", index === 1 ? "failed" : "analyzed"]);
      expect(told[1].progress.tracksProcessed).toBe(index + 1);
    }
    expect(messages.every((data) => !Number.isNaN(Date.parse(data.timestamp)))).toBe(true);
    expect(JSON.parse(watchers[0]?.frames[0] ?? "").type).toBe("job_status");
  });

  it("is polled while there is no socket", async () => {
    const watcher = await server.watch();
    const { jobId, tracks } = (await server.send([GOOD, BAD], "?total=0")).body;
    const messages = await watcher.end(jobId);
    const { body } = await server.call(`/jobs/${jobId}`);
    expect(body.progress).toEqual({ tracksProcessed: 2, tracksSucceeded: 1, tracksFailed: 1 });
    expect(messages.at(-1).progress).toEqual(body.progress);
    expect(body).toMatchObject({ jobId, status: "completed" });
    expect(body.tracks[0]).toMatchObject({ ...tracks[0], status: "analyzed", analysis: { tempoBpm: 100 } });
    expect(body.tracks[1]).toMatchObject({ ...tracks[1], status: "failed" });
    expect(body.tracks[1].error).toMatch(/not a WAV file/);
  });

  it("can be asked to fail after its first batch", async () => {
    const watcher = await server.watch();
    const { jobId } = (await server.send(Array(6).fill(GOOD), "?fail=1")).body;
    const last = (await watcher.end(jobId)).at(-1);
    expect([last.status, last.progress.tracksProcessed]).toEqual(["failed", 5]);
  });

  it("is taken up again where a server that was killed left it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "jobwire-bun-test-"));
    afterAll(() => rmSync(folder, { recursive: true, force: true }));
    const mortal = await new Backend({ DATA_FOLDER: folder }).start();
    const watcher = await mortal.watch();
    const { jobId } = (await mortal.send(Array(8).fill(GOOD), "?pace=400")).body;
    await watcher.until(() => watcher.about(jobId).some((data) => data.progress?.tracksProcessed === 2));
    await mortal.stop("SIGKILL");
    await watcher.closed;
    await mortal.start();
    const again = await mortal.watch();
    const messages = await again.end(jobId);
    expect(messages.at(-1)).toMatchObject({
      status: "completed",
      progress: { tracksSucceeded: 8, total: 8 },
    });
    const analysed = messages.filter((data) => data.status === "analyzed").length;
    expect(analysed).toBeLessThanOrEqual(6);
  });

  it("is not made of what makes no sense", async () => {
    const empty = { method: "POST", body: new FormData() };
    for (const [answer, status, sentence] of [
      [await server.call("/jobs", empty), 400, /no recording/],
      [await server.post("/jobs", "{}"), 400, /form with recordings/],
      [await server.send([GOOD], "?pace=soon"), 400, /pace takes/],
      [await server.send([GOOD], "?total=7"), 400, /total takes 1 or 0/],
      [await server.call("/jobs/17"), 404, /no job 17/],
      [await server.call("/elsewhere"), 404, /nothing at this address/],
    ] as const) {
      expect([answer.status, answer.body.detail]).toEqual([status, expect.stringMatching(sentence)]);
    }
  });
});

describe("a notice", () => {
  it("reaches every socket as it is", async () => {
    const watcher = await server.watch();
    const notice = { jobId: "mine", trackId: "7", status: "analyzed", more: [1] };
    expect(await server.notify(notice)).toEqual({ status: 200, body: "published" });
    await watcher.until(() => watcher.frames.length > 0);
    expect(JSON.parse(watcher.frames[0] ?? "")).toEqual({ type: "job_status", data: notice });
  });

  it("is refused when it is none", async () => {
    for (const body of ["{not json", "null", { jobId: 7 }, { status: "completed" }]) {
      expect((await server.notify(body)).status).toBe(400);
    }
  });
});

describe("a socket", () => {
  it("carries messages to the server, any frame of a test, and can be cut", async () => {
    const alone = await new Backend({}).start();
    const watcher = await alone.watch();
    watcher.send({ type: "hello", data: { a: 1 } });
    watcher.send({ type: "ping" });
    await watcher.until(() => watcher.frames.length === 1);
    await alone.post("/_control/replay", ["{not json"]);
    await watcher.until(() => watcher.frames.length === 2);
    expect([JSON.parse(watcher.frames[0] ?? "").type, watcher.frames[1]]).toEqual(["pong", "{not json"]);
    const { received, sockets } = (await alone.call("/_control/state")).body;
    expect([received, sockets]).toEqual([[{ type: "hello", data: { a: 1 } }, { type: "ping" }], 1]);
    expect((await alone.post("/_control/cut", "")).body).toEqual({ closed: 1 });
    expect(await watcher.closed).toBe(1006);
    expect(await alone.stop()).toBe(0);
  });

  it("is told the topics it asks for, and everything until it does", async () => {
    const [choosy, plain] = [await server.watch(), await server.watch()];
    const notices = async (place: number) => {
      await server.notify({ jobId: `topics-${place}`, status: "processing" });
      await server.notify({ jobId: `topics-${place}`, trackId: "1", status: "analyzed" });
    };
    /** What was said before is answered when the pong is there. */
    const say = async (...messages: object[]) => {
      const pongs = () => choosy.frames.filter((frame) => frame.includes("pong")).length;
      const before = pongs();
      for (const message of [...messages, { type: "ping" }]) choosy.send(message);
      await choosy.until(() => pongs() > before);
    };
    const told = (watcher: typeof choosy, place: number) =>
      watcher.about(`topics-${place}`).map((data) => data.trackId ?? "job");
    await notices(0);
    await say({ type: "subscribe", topics: ["tracks"] });
    await notices(1);
    await say({ type: "subscribe", topics: ["jobs"] }, { type: "unsubscribe", topics: ["tracks"] });
    await notices(2);
    await say({ type: "subscribe", topics: ["weather"] }, { type: "subscribe", topics: [] });
    await plain.until(() => told(plain, 2).length === 2);
    expect([0, 1, 2].map((place) => told(plain, place))).toEqual(Array(3).fill(["job", "1"]));
    expect([0, 1, 2].map((place) => told(choosy, place))).toEqual([["job", "1"], ["1"], ["job"]]);
    const refused = choosy.frames.map((frame) => JSON.parse(frame)).filter(({ type }) => type === "refused");
    expect(refused.map(({ data }) => data.message)).toEqual(
      Array(2).fill("subscribe takes topics: an array of jobs, tracks."),
    );
  });

  it("keeps the other topics when the first it does is to leave one", async () => {
    const watcher = await server.watch();
    watcher.send({ type: "unsubscribe", topics: ["tracks"] });
    watcher.send({ type: "ping" });
    await watcher.until(() => watcher.frames.some((frame) => frame.includes("pong")));
    await server.notify({ jobId: "left", trackId: "1", status: "analyzed" });
    await server.notify({ jobId: "left", status: "processing" });
    await watcher.until(() => watcher.about("left").length > 0);
    expect(watcher.about("left").map((data) => data.trackId ?? "job")).toEqual(["job"]);
  });

  it("is for those with a token where tokens are set, and the worker has one", async () => {
    const guarded = await new Backend({ JOBWIRE_TOKENS: "let-me-in,me-too", JOBWIRE_CONTROL: "0" }).start();
    expect(await (await guarded.watch("/?token=wrong")).closed).toBe(4401);
    expect((await guarded.send([GOOD])).status).toBe(401);
    const notice = { jobId: 1, status: "completed" };
    expect((await guarded.post("/notify", notice)).status).toBe(401);
    for (const token of ["let-me-in", "", `${NOTIFY_TOKEN}x`]) {
      expect((await guarded.notify(notice, token)).status).toBe(401);
    }
    const watcher = await guarded.watch("/?token=me-too");
    const { jobId } = (await guarded.send([GOOD], "?token=let-me-in")).body;
    expect((await watcher.end(jobId)).at(-1).status).toBe("completed");
    expect((await guarded.call("/_control/state?token=me-too")).status).toBe(404);
  });
});
