import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sampleWav } from "../../backends/bun/make-sample.mjs";
import { sampleCsv } from "../../backends/ws/make-sample.mjs";
import { testServer } from "../testing.mjs";

const GOOD = sampleWav({ bpm: 100 });
const BAD = "no recording at all";

const server = await testServer();

/** @param {(Uint8Array | string)[]} recordings @param {string} [query] */
function send(recordings, query = "") {
  const form = new FormData();
  for (const [index, bytes] of recordings.entries()) {
    form.append("tracks", new Blob([/** @type {BlobPart} */ (bytes)]), `track-${index}.wav`);
  }
  return server.call(`/api/analysis/jobs${query}`, { method: "POST", body: form });
}

/** @param {string} path */
async function watch(path) {
  const socket = server.socket(path);
  await socket.opened;
  return socket;
}

/** @param {import("../testing.mjs").TestSocket} socket @param {number} jobId */
async function untilEnd(socket, jobId) {
  const isEnd = (/** @type {any} */ { data }) =>
    data.jobId === jobId && data.trackId === undefined && /completed|failed/.test(data.status);
  await socket.message(isEnd);
  return socket.messages.map((one) => one.data).filter((data) => data.jobId === jobId);
}

describe("an analysis", () => {
  it("is told track by track and batch by batch", async () => {
    const socket = await watch("/");
    const { status, body } = await send([GOOD, BAD, GOOD, GOOD, GOOD, GOOD, GOOD]);
    assert.equal(status, 202);
    const messages = await untilEnd(socket, body.jobId);
    const counts = messages
      .filter((data) => data.trackId === undefined)
      .map((data) => [data.status, ...Object.values(data.progress)]);
    assert.deepEqual(counts, [
      ["processing", 0, 0, 0, 7],
      ["processing", 5, 4, 1, 7],
      ["processing", 7, 6, 1, 7],
      ["completed", 7, 6, 1, 7],
    ]);
    for (const [index, { trackId }] of body.tracks.entries()) {
      const told = messages.filter((data) => data.trackId === trackId).map((data) => data.status);
      assert.deepEqual(told, ["analyzing", index === 1 ? "failed" : "analyzed"]);
    }
    const view = (await server.call(`/api/analysis/jobs/${body.jobId}`)).body;
    assert.deepEqual([view.status, view.progress], ["completed", messages.at(-1).progress]);
    assert.equal(view.tracks[0].analysis.tempoBpm, 100);
    assert.match(view.tracks[1].error, /not a WAV file/);
  });

  it("can fail, and can leave the total out", async () => {
    const socket = await watch("/");
    const { jobId } = (await send(Array(6).fill(GOOD), "?fail=1&total=0")).body;
    const last = (await untilEnd(socket, jobId)).at(-1);
    const progress = { tracksProcessed: 5, tracksSucceeded: 5, tracksFailed: 0 };
    assert.deepEqual([last.status, last.progress], ["failed", progress]);
  });

  it("may be that of another worker, which sends notices", async () => {
    const socket = await watch("/");
    const notice = { jobId: "mine", status: "processing", more: [1] };
    assert.equal((await server.post("/api/analysis/notify", notice)).status, 200);
    assert.deepEqual(await socket.message((one) => one.data.jobId === "mine"), {
      type: "job_status",
      data: notice,
    });
    assert.equal((await server.post("/api/analysis/notify", { jobId: 7 })).status, 400);
  });

  it("is not made of what makes no sense", async () => {
    assert.match((await send([])).body.detail, /.+/);
    assert.match((await send([GOOD], "?total=7")).body.detail, /total takes 1 or 0/);
    assert.match((await server.post("/api/analysis/jobs", {})).body.detail, /no recording/);
    assert.equal((await server.call("/api/analysis/jobs/17")).status, 404);
  });
});

describe("playlists", () => {
  it("are broadcast on a socket of their own", async () => {
    const [analyses, playlists] = [await watch("/"), await watch("/ws")];
    const response = await server.call("/api/playlists/import", { method: "POST", body: sampleCsv(3) });
    const { jobId } = response.body;
    const ended = await playlists.message(({ event }) => event === "enrichment_job_completed");
    assert.deepEqual([ended.data.jobId, ended.data.succeeded], [jobId, 3]);
    assert.equal((await server.call(`/api/enrichment/jobs/${jobId}`)).body.status, "completed");
    assert.deepEqual(analyses.frames, []);
  });

  it("have faults on purpose", async () => {
    const socket = await watch("/ws");
    await server.post("/api/playlists/_control/replay", ["{not json"]);
    await socket.frameCount(1);
    assert.deepEqual(socket.frames, ["{not json"]);
    await server.post("/api/playlists/_control/cut");
    assert.equal((await socket.close()).code, 1006);
    assert.equal((await server.call("/api/analysis/_control/state")).status, 200);
  });
});
