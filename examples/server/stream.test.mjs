import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testServer } from "./testing.mjs";

/** @param {string} frame @returns {any[]} */
const readArray = (frame) => [JSON.parse(frame)].flat();
/** @param {string} frame @returns {any[]} */
const readLines = (frame) => frame.split("\n").map((line) => JSON.parse(line));

/**
 * Waits for the end of a load and says whether its events came several in a frame.
 * @param {import("./testing.mjs").TestSocket} socket
 * @param {(frame: string) => any[]} read
 */
async function packed(socket, read) {
  const ended = () => socket.frames.some((frame) => read(frame).some((one) => one.type === "completed"));
  while (!ended()) await socket.frameCount(socket.frames.length + 1);
  assert.ok(socket.frames.some((frame) => read(frame).length > 10));
}

describe("a stream", async () => {
  const server = await testServer({ heartbeatMs: 30 });
  /** @param {string} id */
  const running = (id) => server.post("/api/v1/_synthetic", { job_id: id, progress: 1 });

  it("sends heartbeats and counts the pongs", async () => {
    await running("beat");
    const socket = server.socket("/api/v1/jobs/beat/stream");
    const beat = await socket.message((one) => one.type === "heartbeat");
    assert.ok(!Number.isNaN(Date.parse(beat.timestamp)));
    const { pongs } = (await server.call("/api/v1/_control/state")).body;
    socket.send({ type: "pong", timestamp: new Date().toISOString() });
    socket.send({ type: "ping" });
    await socket.message((one) => one.type === "pong");
    assert.equal((await server.call("/api/v1/_control/state")).body.pongs, pongs + 1);
  });

  it("carries the events of every job on the shared socket", async () => {
    const socket = server.socket("/api/v1/stream");
    await socket.opened;
    await running("shared-a");
    await server.post("/api/v1/_synthetic", { job_id: "shared-b", status: "completed" });
    await socket.message((one) => one.job_id === "shared-a" && one.type === "progress");
    await socket.message((one) => one.job_id === "shared-b" && one.type === "completed");
    assert.equal(socket.closed, undefined);
  });

  it("packs what is pending in a tick as an array or as lines", async () => {
    const arrays = server.socket("/api/v1/stream?batch=array");
    const lines = server.socket("/api/v1/stream?batch=lines");
    await Promise.all([arrays.opened, lines.opened]);
    await server.post("/api/v1/_load", { jobs: 3, rate: 1_000_000, seconds: 0.01, prefix: "packed" });
    await Promise.all([packed(arrays, readArray), packed(lines, readLines)]);
  });

  it("is refused while refuse is on, though HTTP is answered", async () => {
    await running("refused");
    await server.post("/api/v1/_control/refuse?on=1");
    await assert.rejects(server.socket("/api/v1/jobs/refused/stream").opened, /503/);
    assert.equal((await server.call("/api/v1/jobs/refused")).status, 200);
    await server.post("/api/v1/_control/refuse?on=0");
    await server.socket("/api/v1/jobs/refused/stream").opened;
  });

  it("loses what is sent in silence, the end of a job and the close included", async () => {
    await running("silent");
    const socket = server.socket("/api/v1/jobs/silent/stream");
    await socket.message((one) => one.type === "heartbeat");
    await server.post("/api/v1/_control/silence?on=1");
    await server.post("/api/v1/_synthetic/silent", { status: "completed" });
    const before = socket.frames.length;
    const other = server.socket("/api/v1/jobs/silent/stream");
    await other.opened;
    await server.post("/api/v1/_control/silence?on=0");
    const late = server.socket("/api/v1/jobs/silent/stream");
    assert.equal((await late.close()).code, 1000);
    assert.equal(socket.frames.length, before);
    assert.equal(socket.closed, undefined);
    assert.deepEqual(other.frames, []);
  });

  it("ends abruptly when cut, silent or not", async () => {
    await running("cut");
    const socket = server.socket("/api/v1/jobs/cut/stream");
    await socket.opened;
    await server.post("/api/v1/_control/silence?on=1");
    assert.ok((await server.post("/api/v1/_control/cut")).body.closed >= 1);
    assert.equal((await socket.close()).code, 1006);
    const state = (await server.post("/api/v1/_control/silence?on=0")).body;
    assert.deepEqual([state.sockets, state.silence], [0, false]);
  });

  it("replays frames verbatim, text, binary and close", async () => {
    await running("replay");
    const socket = server.socket("/api/v1/jobs/replay/stream");
    await socket.opened;
    const frames = [
      "{not json",
      { base64: Buffer.from("\u0000ÿ").toString("base64") },
      { close: 1013, reason: "busy" },
    ];
    assert.deepEqual((await server.post("/api/v1/_replay?job=replay", frames)).body, {
      sockets: 1,
      frames: 3,
    });
    assert.deepEqual(await socket.close(), { code: 1013, reason: "busy" });
    assert.deepEqual(
      socket.frames.filter((frame) => !frame.includes("heartbeat")),
      ["{not json", "\u0000ÿ"],
    );
  });

  it("does not exist at other paths", async () => {
    await assert.rejects(server.socket("/api/v1/elsewhere").opened, /404/);
  });
});

describe("a token", async () => {
  const server = await testServer({ tokens: ["let-me-in", "me-too"] });

  it("is asked for over HTTP", async () => {
    assert.equal((await server.call("/api/v1/jobs/x")).status, 401);
    assert.equal(
      (await server.call("/api/v1/jobs/x", { headers: { Authorization: "Bearer wrong" } })).status,
      401,
    );
    assert.equal(
      (await server.call("/api/v1/jobs/x", { headers: { Authorization: "Bearer me-too" } })).status,
      404,
    );
    assert.equal((await server.call("/api/v1/jobs/x?token=let-me-in")).status, 404);
    assert.equal((await server.call("/healthz")).text, "ok");
  });

  it("closes a WebSocket with 4401 after accepting it when it is wrong", async () => {
    const socket = server.socket("/api/v1/stream?token=wrong");
    await socket.opened;
    assert.equal((await socket.close()).code, 4401);
    const good = server.socket("/api/v1/jobs/x/stream?token=me-too");
    assert.equal((await good.close()).code, 4404);
  });
});

describe("without control", async () => {
  const server = await testServer({ control: false });

  it("has neither control nor lab endpoints", async () => {
    for (const path of ["_control/cut", "_load", "_replay", "_synthetic"]) {
      assert.equal((await server.post(`/api/v1/${path}`, {})).status, 404, path);
    }
  });
});
