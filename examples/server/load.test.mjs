import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testServer } from "./testing.mjs";

describe("a load", async () => {
  const server = await testServer();

  it("sends exactly rate × seconds events in frames of the asked size, then completes every job", async () => {
    const socket = server.socket("/api/v1/stream");
    await socket.opened;
    const options = { jobs: 7, rate: 1_000, frame: 10, seconds: 1, prefix: "burst" };
    assert.equal((await server.post("/api/v1/_load", options)).status, 202);
    assert.equal((await server.post("/api/v1/_load", options)).status, 409);
    await socket.message((one) => one.type === "completed" && one.job_id === "burst-6");

    const packed = socket.messages.filter((one) => Array.isArray(one));
    assert.deepEqual(new Set(packed.map((one) => one.length)), new Set([10]));
    const events = packed.flat();
    assert.equal(events.length, 1_000);
    for (let job = 0; job < 7; job += 1) {
      const progress = events.filter((one) => one.job_id === `burst-${job}`).map((one) => one.progress);
      assert.ok(progress.length >= 142);
      assert.deepEqual(
        progress,
        [...progress].sort((a, b) => a - b),
      );
      assert.ok(progress.at(-1) < 100);
    }
    const report = (await server.call("/api/v1/_load")).body;
    assert.equal(report.running, false);
    assert.equal(report.sent, 1_000);
    assert.deepEqual(new Set(Object.values(report.jobs)), new Set(["completed"]));
  });

  it("reaches the sockets of single jobs, in binary frames when asked", async () => {
    const started = await server.post("/api/v1/_load", {
      jobs: 2,
      rate: 1_000,
      seconds: 0.1,
      delay: 2000,
      binary: true,
      prefix: "own",
    });
    assert.equal(started.body.events, 100);
    const socket = server.socket("/api/v1/jobs/own-1/stream");
    assert.equal((await socket.close()).code, 1000);
    assert.equal(socket.messages.filter((one) => one.type === "progress").length, 50);
    assert.equal(socket.messages.at(-1).type, "completed");
  });

  it("says which option it cannot take", async () => {
    const refused = await server.post("/api/v1/_load", { rate: -1 });
    assert.equal(refused.status, 400);
    assert.match(refused.body.detail, /^rate takes/);
  });
});
