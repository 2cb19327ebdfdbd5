import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { readConfig } from "../config.mjs";
import { testServer } from "../testing.mjs";
import { WavReader } from "./wav.mjs";
import { Client, joined, song, subscribed } from "./testing.mjs";

const SONG = song();
const FIELDS = ["id", "filename", "title", "status", "progress", "status_message", "error", "result_url"];
FIELDS.push("created_at", "updated_at");

/**
 * @param {Awaited<ReturnType<typeof testServer>>} server
 * @param {string} [query]
 * @param {string} [name]
 */
async function upload(server, query = "", name = "song.wav") {
  const headers = { "X-Filename": encodeURIComponent(name) };
  const response = await server.call(`/api/jobs${query}`, { method: "POST", body: SONG, headers });
  assert.equal(response.status, 202, response.text);
  return response.body;
}

/** @param {Buffer} bytes */
function samples(bytes) {
  const reader = new WavReader(
    /** @type {any} */ ({
      size: bytes.length,
      read: (/** @type {number} */ from, /** @type {number} */ count) => bytes.subarray(from, from + count),
    }),
  );
  return { ...reader.format, ...reader.read(reader.frames) };
}

describe("a karaoke job", async () => {
  const server = await testServer();
  /** @param {string} path @param {RequestInit} [init] */
  const bytes = async (path, init) => Buffer.from(await (await fetch(server.url + path, init)).arrayBuffer());

  it("is told from its creation to its end, by every transport", async () => {
    const clients = await Promise.all(
      [["websocket"], ["polling"], ["polling", "websocket"]].map((transports) =>
        subscribed(server.url, { transports }),
      ),
    );
    const job = await upload(server, "?pace=20", "My söng.v2.wav");
    assert.deepEqual(Object.keys(job), FIELDS);
    assert.deepEqual([job.filename, job.title, job.status], ["My söng.v2.wav", "My söng.v2", "queued"]);

    const [seen, ...others] = await Promise.all(clients.map((one) => one.until(job.id, "job_completed")));
    for (const other of others) assert.deepEqual(other, seen);
    assert.deepEqual(
      clients.map((one) => one.transport),
      ["websocket", "polling", "websocket"],
    );
    assert.deepEqual(seen[0], { event: "job_created", job });
    const updates = seen.slice(1, -1);
    assert.ok(updates.every(({ event, job }) => event === "job_updated" && job.status === "processing"));
    const progress = updates.map((update) => update.job.progress);
    assert.deepEqual(
      progress,
      progress.toSorted((one, other) => one - other),
    );
    assert.ok(new Set(progress).size >= 15 && progress.every((one) => one < 100));

    const completed = (await server.call(`/api/jobs/${job.id}`)).body;
    assert.deepEqual(seen.at(-1), { event: "job_completed", job: completed });
    assert.deepEqual([completed.status, completed.progress], ["completed", 100]);
    assert.equal(completed.result_url, `/api/jobs/${job.id}/instrumental.wav`);
  });

  it("gives two tracks that add up to the recording", async () => {
    const client = await subscribed(server.url);
    const job = await upload(server);
    await client.until(job.id, "job_completed");
    const vocals = samples(await bytes(`/api/jobs/${job.id}/vocals.wav`));
    const instrumental = samples(await bytes(`/api/jobs/${job.id}/instrumental.wav`));
    const recording = samples(SONG);
    assert.deepEqual([vocals.channels, instrumental.channels], [1, 2]);
    assert.equal(vocals.left.length, recording.left.length);
    for (const side of /** @type {const} */ (["left", "right"])) {
      for (const [frame, sample] of recording[side].entries()) {
        assert.ok(Math.abs(vocals.left[frame] + instrumental[side][frame] - sample) <= 2 / 2 ** 15);
      }
    }

    const whole = await bytes(`/api/jobs/${job.id}/vocals.wav`);
    const part = (/** @type {string} */ range) =>
      bytes(`/api/jobs/${job.id}/vocals.wav`, { headers: { Range: range } });
    assert.deepEqual(await part("bytes=1000-1999"), whole.subarray(1000, 2000));
    assert.deepEqual(await part("bytes=-100"), whole.subarray(-100));
    const beyond = { headers: { Range: `bytes=${whole.length}-` } };
    assert.equal((await server.call(`/api/jobs/${job.id}/vocals.wav`, beyond)).status, 416);
  });

  it("can be cancelled by event and by HTTP, once", async () => {
    const client = await subscribed(server.url);
    const job = await upload(server, "?pace=300");
    await client.next("job_updated");
    assert.deepEqual(await client.ask("cancel_job", { job_id: job.id }), { ok: true });
    const { job: cancelled } = (await client.until(job.id, "job_cancelled")).at(-1) ?? {};
    assert.equal(cancelled?.status, "cancelled");
    assert.deepEqual(await client.ask("cancel_job", { job_id: job.id }), {
      ok: false,
      error: "The job cannot be cancelled: it is cancelled already.",
    });

    const other = await upload(server, "?pace=300");
    assert.equal((await server.post(`/api/jobs/${other.id}/cancel`)).body.status, "cancelled");
    assert.equal((await server.post(`/api/jobs/${other.id}/cancel`)).status, 409);
    assert.equal((await server.call(`/api/jobs/${other.id}/vocals.wav`)).status, 404);
    await client.until(other.id, "job_cancelled");

    // Nothing more was said about either by the time that another one has ended.
    const last = await upload(server);
    assert.equal((await client.take())[1].id, last.id);
    await client.until(last.id, "job_completed");
  });

  it("can fail", async () => {
    const client = await subscribed(server.url);
    const job = await upload(server, "?fail=1");
    const { job: failed } = (await client.until(job.id, "job_failed")).at(-1) ?? {};
    assert.match(failed.error, /half-way/);
    assert.ok(failed.progress >= 40 && failed.progress <= 60);
    assert.equal((await server.call(`/api/jobs/${job.id}/instrumental.wav`)).status, 404);
  });

  it("is in the list, which is emitted, acknowledged and served", async () => {
    const client = await subscribed(server.url);
    const job = await upload(server);
    await client.until(job.id, "job_completed");
    const list = await client.ask("request_jobs_list");
    assert.deepEqual(await client.next("jobs_list"), list);
    assert.deepEqual((await server.call("/api/jobs")).body, list);
    assert.equal(list.jobs.at(-1).id, job.id);
  });

  it("is not told to who has unsubscribed", async () => {
    const stays = await subscribed(server.url);
    const leaves = await subscribed(server.url);
    leaves.emit("unsubscribe_from_jobs");
    await leaves.next("unsubscribed");
    const job = await upload(server);
    await stays.until(job.id, "job_completed");
    leaves.emit("request_jobs_list");
    assert.equal((await leaves.take())[0], "jobs_list");
  });

  it("is read again only when it has changed", async () => {
    const client = await subscribed(server.url);
    const job = await upload(server, "?pace=100");
    await client.next("job_updated");
    const path = `/api/jobs/${job.id}`;
    const etag = (await server.call(path)).headers.get("etag") ?? "";
    await client.until(job.id, "job_completed");
    const changed = await server.call(path, { headers: { "If-None-Match": etag } });
    assert.equal(changed.status, 200);
    const headers = { "If-None-Match": changed.headers.get("etag") ?? "" };
    assert.equal((await server.call(path, { headers })).status, 304);
  });

  for (const [what, path, body, status, sentence] of /** @type {const} */ ([
    ["nothing", "/api/jobs", "", 400, /no body/],
    ["a page", "/api/jobs", "<html></html>", 400, /not a WAV file/],
    ["an impossible pace", "/api/jobs?pace=soon", SONG, 400, /whole number of milliseconds/],
    ["an impossible failure", "/api/jobs?fail=yes", SONG, 400, /1 or 0/],
  ])) {
    it(`is not made of ${what}`, async () => {
      const response = await server.call(path, { method: "POST", body });
      assert.equal(response.status, status);
      assert.match(response.body.detail, sentence);
    });
  }

  it("is not made of a file that is too large", async () => {
    const small = await testServer({ maxUploadBytes: 1000 });
    const response = await small.call("/api/jobs", { method: "POST", body: SONG });
    assert.equal(response.status, 413);
  });

  it("is said to be unknown when it is", async () => {
    for (const path of ["/api/jobs/none", "/api/jobs/none/vocals.wav"]) {
      assert.match((await server.call(path)).body.detail, /no such job/);
    }
    assert.equal((await server.post("/api/jobs/none/cancel")).status, 404);
  });

  it("leaves no files behind when it did not succeed", async () => {
    const alone = await testServer();
    const client = await subscribed(alone.url);
    const files = () =>
      readdirSync(tmpdir())
        .filter((name) => name.startsWith(`jobwire-server-${process.pid}-`))
        .flatMap((name) => readdirSync(join(tmpdir(), name)));
    const before = files().length;
    const failing = await upload(alone, "?fail=1");
    await client.until(failing.id, "job_failed");
    const cancelled = await upload(alone, "?pace=300");
    await client.next("job_updated");
    await alone.post(`/api/jobs/${cancelled.id}/cancel`);
    assert.equal(files().length, before);
  });
});

describe("the performance", async () => {
  const server = await testServer();

  it("is the same for all, whoever changes it", async () => {
    const first = await joined(server.url, { transports: ["websocket"] });
    const second = await joined(server.url, { transports: ["polling"] });
    const changes = { vocal_volume: 0.25, lyrics_size: "large", lyrics_offset: -150, song_id: "a" };
    const state = await first.client.ask("update_performance_control", changes);
    assert.deepEqual(state, { ...first.state, ...changes, revision: first.state.revision + 1 });
    for (const { client } of [first, second]) assert.deepEqual(await client.next("performance_state"), state);
    assert.deepEqual((await joined(server.url)).state, state);
  });

  it("plays and pauses for the others, and shows its state to all", async () => {
    const first = await joined(server.url);
    const second = await joined(server.url);
    let { revision } = second.state;
    for (const [event, is_playing] of /** @type {const} */ ([
      ["playback_play", true],
      ["playback_pause", false],
    ])) {
      revision += 1;
      first.client.emit(event, { current_time: revision });
      const state = { ...second.state, is_playing, current_time: revision, revision };
      assert.deepEqual(await second.client.take(), [event, { current_time: revision, revision }]);
      assert.deepEqual(await second.client.take(), ["performance_state", state]);
      assert.deepEqual(await first.client.take(), ["performance_state", state]);
    }
  });

  it("is no longer told to who has left", async () => {
    const first = await joined(server.url);
    const second = await joined(server.url);
    await second.client.ask("leave_performance");
    const state = await first.client.ask("update_performance_control", { vocal_volume: 0.5 });
    second.client.emit("join_performance");
    assert.deepEqual(await second.client.take(), ["performance_state", state]);
  });

  for (const [payload, sentence] of /** @type {[unknown[], string][]} */ ([
    [[{ vocal_volume: 1.5 }], "vocal_volume must be a number from 0 to 1."],
    [[{ instrumental_volume: true }], "instrumental_volume must be a number from 0 to 1."],
    [[{ lyrics_size: ["huge"] }], "lyrics_size must be small, medium or large."],
    [[{ current_time: -1 }], "current_time must be a number from 0 to 86400."],
    [[{ song_id: 7 }], "song_id must be the id of a job, or null."],
    [[{ is_playing: true }], "There is no control is_playing: use vocal_volume"],
    [[{}], "Send at least one control."],
    [[], "Send at least one control."],
    [["louder"], "Send one object with this event."],
    [[null], "Send one object with this event."],
    [[{}, {}], "Send one object with this event."],
  ])) {
    it(`does not change by ${JSON.stringify(payload)}`, async () => {
      const { client, state } = await joined(server.url);
      const refused = await client.ask("update_performance_control", ...payload);
      assert.equal(refused.ok, false);
      assert.ok(refused.error.startsWith(sentence), refused.error);
      const told = { event: "update_performance_control", message: refused.error };
      assert.deepEqual(await client.take(), ["error_message", told]);
      assert.deepEqual(await client.ask("join_performance"), state);
    });
  }
});

describe("Socket.IO", async () => {
  const server = await testServer({ pingIntervalMs: 300, pingTimeoutMs: 2000 });

  it("asks for a token when tokens are set", async () => {
    const guarded = await testServer({ tokens: ["first", "second"] });
    for (const auth of [{}, { token: "wrong" }, { token: 7 }]) {
      for (const namespace of ["/jobs", "/performance"]) {
        const client = new Client(guarded.url + namespace, { auth });
        const error = await new Promise((resolve) => client.socket.once("connect_error", resolve));
        assert.equal(error.message, "unauthorized");
        assert.deepEqual(error.data, { code: "unauthorized" });
      }
    }
    assert.equal((await guarded.call("/api/jobs")).status, 401);
    const headers = { Authorization: "Bearer second" };
    assert.equal((await guarded.call("/api/jobs", { headers })).status, 200);
    const client = await subscribed(guarded.url, { auth: { token: "second" } });
    assert.deepEqual(await client.ask("request_jobs_list"), { jobs: [] });
  });

  for (const transport of ["websocket", "polling"]) {
    it(`over ${transport} comes back after a cut and gets what it missed`, async () => {
      const client = await subscribed(server.url, { transports: [transport] });
      const gone = new Promise((resolve) => client.socket.once("disconnect", resolve));
      const job = await upload(server, "?pace=20");
      const { closed } = (await server.post("/api/_control/cut")).body;
      assert.ok(closed >= 1);
      await gone;
      await client.connected();
      assert.equal(client.socket.recovered, true);
      const seen = await client.until(job.id, "job_completed");
      const progress = seen.map((update) => update.job.progress);
      assert.equal(progress[0], 0);
      assert.ok(new Set(progress).size >= 15);
    });
  }

  it("leaves the WebSocket routes as they were", async () => {
    const client = await subscribed(server.url, { transports: ["websocket"] });
    const socket = server.socket("/api/v1/stream");
    await socket.opened;
    await server.post("/api/v1/_synthetic", { job_id: "beside" });
    await socket.message((one) => one.job_id === "beside");
    await assert.rejects(server.socket("/elsewhere").opened, /404/);
    await server.post("/api/v1/_control/cut");
    await socket.close();
    await client.ask("request_jobs_list");
  });

  it("is open to pages of this machine and of the origins that are named, and says its pings", async () => {
    const path = "/socket.io/?EIO=4&transport=polling";
    const named = await testServer({ allowedOrigins: ["https://app.example"] });
    /** @param {typeof server} at @param {string} origin */
    const from = (at, origin) => at.call(path, { headers: { Origin: origin } });
    assert.equal((await from(server, "http://page.example")).status, 403);
    assert.equal((await from(named, "https://app.example")).status, 200);
    const response = await from(server, "http://localhost:5173");
    assert.equal(response.headers.get("access-control-allow-origin"), "http://localhost:5173");
    assert.match(response.text, /"pingInterval":300,"pingTimeout":2000/);
    assert.throws(() => readConfig({ PING_TIMEOUT_MS: "soon" }), /PING_TIMEOUT_MS/);
  });

  it("cannot be cut when control is off", async () => {
    const guarded = await testServer({ control: false });
    assert.equal((await guarded.post("/api/_control/cut")).status, 404);
  });

  for (const payload of [null, 5, "id", ["id"], {}, { job_id: 5 }, { job_id: { a: [] } }]) {
    it(`takes no harm from ${JSON.stringify(payload)}`, async () => {
      const client = await subscribed(server.url);
      const refused = await client.ask("cancel_job", payload);
      assert.equal(refused.ok, false);
      assert.deepEqual(await client.take(), [
        "error_message",
        { event: "cancel_job", message: refused.error },
      ]);
      client.emit("no_such_event", payload);
      client.emit("subscribe_to_jobs", payload);
      await client.next("subscribed");
    });
  }
});
