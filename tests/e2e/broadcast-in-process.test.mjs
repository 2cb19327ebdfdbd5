/**
 * The package with its core, against the `broadcast` server of jobwire/testing, as an app's own tests have it: in Node,
 * without a network.
 */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { type } from "arktype";
import { JobsClient } from "jobwire";
import { createBroadcastServer } from "jobwire/testing";
import * as v from "valibot";
import { z } from "zod";

/** @type {import("jobwire/testing").BroadcastServer} */
let server;
/** @type {{ close(): void }[]} */
const clients = [];

beforeEach(() => {
  server = createBroadcastServer();
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  server.dispose();
});

/** @param {Partial<import("jobwire").JobsClientOptions>} [options] */
async function connect(options) {
  const client = new JobsClient({ ...server.options, ...options });
  clients.push(client);
  await client.connect();
  return client;
}

/**
 * Resolves with the first value that passes.
 * @template T
 * @param {import("jobwire").Store<T>} store
 * @param {(value: T) => unknown} passes
 * @returns {Promise<T>}
 */
const until = (store, passes) =>
  new Promise((resolve) => {
    const undo = store.subscribe((value) => {
      if (!passes(value)) return;
      resolve(value);
      // The first call comes before there is an undo.
      queueMicrotask(() => undo());
    });
  });

describe("jobs of broadcast", () => {
  it("have counts, a percentage where the total is known, and an end", async () => {
    const client = await connect();
    const job = server.job("7");
    const done = client.job("7").done();
    job.progress({ processed: 1, succeeded: 1 });
    const { progress, counts } = await until(client.job("7"), (now) => now.counts);
    assert.equal(progress, undefined);
    assert.deepEqual(counts, { processed: 1, succeeded: 1 });
    job.progress({ processed: 3, succeeded: 2, failed: 1, total: 4 }, { phase: "2" });
    const known = await until(client.job("7"), (now) => now.progress !== undefined);
    assert.equal(known.progress, 75);
    assert.equal(known.stage, "2");
    assert.deepEqual(known.counts, { total: 4, processed: 3, succeeded: 2, failed: 1 });
    job.complete("all of it");
    const { status, message } = await done;
    assert.deepEqual({ status, message }, { status: "completed", message: "all of it" });
  });

  it("have no percentage while nobody has counted", async () => {
    const client = await connect();
    server.emit("enrichment_job_started", { jobId: "7", total: 1000 });
    const started = await until(client.job("7"), ({ status }) => status === "running");
    assert.equal(started.progress, undefined);
    server.job("7").progress({ processed: 250, total: 1000 });
    const { progress } = await until(client.job("7"), (now) => now.counts);
    assert.equal(progress, 25);
  });

  it("are entities as well", async () => {
    const client = await connect();
    server.job("7").progress({ processed: 1, total: 2 });
    await until(client.jobs(), (all) => all.length > 0);
    // Another one looks at them already.
    const stop = client.jobs().subscribe(() => {});
    const found = await until(client.entities("jobs"), (all) => all.get("7"));
    assert.equal(found.get("7")?.data, client.job("7").current);
    server.job("7").complete();
    const ended = await until(client.entities("job"), (all) => all.get("7")?.status === "completed");
    assert.deepEqual([...ended.keys()], ["7"]);
    stop();
  });

  it("are read over HTTP where that is told, and their end is told as the server would", async () => {
    const client = await connect({ polling: { url: "/jobs/{id}" } });
    /** @type {Promise<import("jobwire").JobStatusPayload>} */
    const told = new Promise((resolve) => client.on("job_status", resolve));
    server.job("8").progress({ processed: 2, failed: 2, total: 2 });
    server.job("8").fail("no disk");
    await told;
    // Whoever asks later was not told.
    const late = await connect({ polling: { url: "/jobs/{id}" } });
    /** @type {Promise<import("jobwire").JobStatusPayload>} */
    const read = new Promise((resolve) => late.on("job_status", resolve));
    const job = await late.job("8").done();
    assert.deepEqual(job.error, { message: "no disk", retryable: false });
    assert.equal(job.source, "polling");
    assert.deepEqual(await read, {
      jobId: "8",
      status: "failed",
      progress: { tracksProcessed: 2, tracksFailed: 2, total: 2 },
      error: "no disk",
    });
  });

  it("end for the listeners of each event that says so, once", async () => {
    const client = await connect();
    /** @type {string[]} */
    const heard = [];
    for (const event of /** @type {const} */ (["job_status_changed", "enrichment_job_completed"]))
      client.on(event, () => heard.push(event));
    const last = new Promise((resolve) => client.on("batch_complete", resolve));
    server.job("9").progress({ processed: 1, total: 1 });
    for (let times = 0; times < 2; times++) {
      server.emit("job_status_changed", { jobId: "9", status: "completed" });
      server.emit("enrichment_job_completed", { jobId: "9", durationMs: 5 });
    }
    server.emit("batch_complete", {});
    await last;
    assert.deepEqual(heard, ["job_status_changed", "enrichment_job_completed"]);
  });
});

describe("entities of broadcast", () => {
  it("are what the server last said of tracks and playlists, in whatever envelope", async () => {
    const client = await connect();
    const tracks = client.entities("track");
    server.job("7").track(41, "analyzed");
    server.emit("track_enriched", { track_id: 42, artistName: "x" }, "flat");
    const status = { trackId: 43, oldStatus: "pending", newStatus: "enriching" };
    server.emit("track_status_changed", status, "event");
    server.emit("playlist_updated", { playlistId: "p", updates: { name: "one" } });
    server.emit("metric_update", { playlistId: "p", follower_count: 3 });
    // Looking is enough to be told of what is known already.
    assert.equal(tracks.current.size, 0);
    const map = await until(tracks, (now) => now.size === 3);
    assert.deepEqual(
      [...map.values()].map(({ id, status, previousStatus }) => [id, status, previousStatus]),
      [
        ["41", "analyzed", undefined],
        ["42", "enriched", undefined],
        ["43", "enriching", "pending"],
      ],
    );
    assert.deepEqual(map.get("42")?.data, { trackId: 42, artistName: "x" });
    const playlists = await until(client.entities("playlist"), (now) => now.size);
    assert.deepEqual(playlists.get("p")?.data, { playlistId: "p", name: "one", followerCount: 3 });
    assert.equal(tracks.current, map);
  });
});

describe("events of broadcast", () => {
  it("in a burst are told once a frame and thing, and an interval holds them back; the audit says so", async () => {
    const client = await connect({ intervals: { metric_update: 30 } });
    /** @type {unknown[]} */
    const heard = [];
    const tell = (/** @type {number} */ followers) =>
      server.emit("metric_update", { playlistId: "p", metrics: { followers } });
    client.on("metric_update", ({ metrics }) => heard.push(metrics?.followers));
    const last = new Promise((resolve) =>
      client.on("metric_update", ({ metrics }) => metrics?.followers === 9 && resolve(metrics)),
    );
    tell(0);
    await new Promise((resolve) => client.once("metric_update", resolve));
    for (let followers = 1; followers < 10; followers++) tell(followers);
    await last;
    assert.deepEqual(heard, [0, 9]);
    const row = (await client.audit()).find(({ event }) => event === "metric_update");
    assert.deepEqual([row?.received, row?.delivered, row?.unhandled], [10, 2, 0]);
    const { history } = await client.inspect();
    assert.equal(history.filter(({ event }) => event === "metric_update").length, 10);
  });

  it("are of the topics that the server was asked for, after every connect", async () => {
    const topics = { topics: ["tracks", 7] };
    const client = await connect({ subscribe: { event: "subscribe", data: topics } });
    await until(client.connection, () => server.received.length === 1);
    const isBack = new Promise((resolve) => client.once("reconnected", resolve));
    server.cut();
    await isBack;
    client.send("hello");
    // What comes behind it came after it.
    await until(client.connection, () => server.received.length >= 3);
    const asked = { type: "subscribe", ...topics };
    assert.deepEqual(server.received, [asked, asked, { type: "hello" }]);
  });

  it("called otherwise by the server are ours by the map", async () => {
    const client = await connect({
      map: { fields: { type: "kind", jobId: "job" }, events: { state: "job_status" } },
    });
    const done = client.job("7").done();
    server.send({ kind: "state", data: { job: 7, status: "done" } });
    assert.equal((await done).status, "completed");
  });

  for (const [library, schema] of /** @type {const} */ ([
    ["zod", z.object({ n: z.number() })],
    ["valibot", v.object({ n: v.number() })],
    ["arktype", type({ n: "number" })],
  ])) {
    it(`of the app are judged by a validator of ${library}`, async () => {
      const client = new JobsClient({ ...server.options, events: { mine: schema }, onInvalid: "quarantine" });
      clients.push(client);
      /** @type {number[]} */
      const heard = [];
      client.on("mine", ({ n }) => heard.push(n));
      const refused = new Promise((resolve) => client.on("invalid", resolve));
      const last = new Promise((resolve) => client.on("mine", ({ n }) => n === 2 && resolve(n)));
      await client.connect();
      for (const n of [1, "two", 2]) server.emit("mine", { n });
      await last;
      assert.deepEqual(heard, [1, 2]);
      const { event, code, payload } = /** @type {import("jobwire").InvalidPayload} */ (await refused);
      assert.deepEqual(
        { event, code, payload },
        { event: "mine", code: "invalid-event", payload: { n: "two" } },
      );
      const [row] = (await client.audit()).filter((one) => one.event === "mine");
      assert.deepEqual([row?.received, row?.delivered, row?.invalid], [3, 2, 1]);
      assert.equal((await client.inspect()).quarantine.length, 1);
    });
  }
});
