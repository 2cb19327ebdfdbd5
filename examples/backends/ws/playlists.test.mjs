import assert from "node:assert/strict";
import { once } from "node:events";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { client } from "../../server/test-client.mjs";
import { playlistIdOf, sampleCsv } from "./make-sample.mjs";
import { startServer } from "./server.mjs";

/** @typedef {import("../../server/test-client.mjs").TestSocket} TestSocket */

const HEADER = "playlist_id,playlist_name,playlist_followers,track_name,artist_name,isrc,duration_ms,streams";

/** @param {Partial<import("./config.mjs").Config>} [options] */
async function testServer(options = {}) {
  const server = await startServer({ port: 0, tokens: [], envelope: "mixed", control: true, ...options });
  after(() => server.close());
  return client(server.url);
}

/** @param {any} message of any shape @returns {{ event: string, data: any }} */
function open(message) {
  const event = message.type ?? message.event;
  if (message.data !== undefined) return { event, data: message.data };
  const data = { ...message };
  delete data.type;
  return { event, data };
}

/** @param {TestSocket} socket @param {string} event @param {(data: any) => boolean} [matches] */
async function next(socket, event, matches = () => true) {
  const isIt = (/** @type {any} */ message) => open(message).event === event && matches(open(message).data);
  return open(await socket.message(isIt)).data;
}

/** @param {TestSocket} socket @param {string} event @returns {any[]} */
const all = (socket, event) =>
  socket.messages
    .map(open)
    .filter((one) => one.event === event)
    .map((one) => one.data);

/** @param {Awaited<ReturnType<typeof testServer>>} server @param {string} csv @param {string} [query] */
async function send(server, csv, query = "") {
  const response = await server.call(`/api/playlists/import${query}`, { method: "POST", body: csv });
  assert.equal(response.status, 202, response.text);
  return response.body;
}

/** @param {Awaited<ReturnType<typeof testServer>>} server @param {string} [path] */
async function watch(server, path = "/") {
  const socket = server.socket(path);
  await socket.opened;
  return socket;
}

describe("an import", async () => {
  const server = await testServer();

  it("is told row by row, and its enrichment phase by phase", async () => {
    const socket = await watch(server);
    const { importId, jobId, total } = await send(server, sampleCsv(230));
    assert.equal(total, 230);
    const ended = await next(socket, "enrichment_job_completed", (data) => data.jobId === jobId);
    assert.deepEqual([ended.processed, ended.succeeded, ended.failed], [230, 230, 0]);

    const imported = all(socket, "bulk_import_progress");
    assert.deepEqual(
      imported.map(({ importId: id, completed, total: of }) => [id, completed, of]),
      [0, 50, 100, 150, 200, 230].map((completed) => [importId, completed, 230]),
    );
    const statuses = (/** @type {string} */ id) =>
      all(socket, "job_status_changed")
        .filter((one) => one.jobId === id)
        .map((one) => one.status);
    for (const id of [importId, jobId]) assert.deepEqual(statuses(id), ["queued", "running", "completed"]);
    assert.equal(all(socket, "enrichment_job_started")[0].total, 230);
    for (const event of ["enrichment_phase_started", "enrichment_phase_completed"]) {
      const phases = all(socket, event).map(({ phase, name }) => [phase, name]);
      assert.deepEqual(phases, [
        [1, "metadata"],
        [2, "matching"],
        [3, "chartmetric"],
      ]);
    }
    for (const event of ["batch_complete", "chartmetric_progress"]) {
      const processed = all(socket, event).map(({ progress }) => progress.processed);
      assert.deepEqual(processed, [50, 100, 150, 200, 230]);
    }
    assert.equal(new Set(all(socket, "track_enriched").map(({ trackId }) => trackId)).size, 230);
    const changes = all(socket, "track_status_changed").map((one) => `${one.oldStatus} ${one.newStatus}`);
    assert.deepEqual([...new Set(changes)], ["pending enriching", "enriching completed"]);
    assert.equal(changes.length, 460);

    const metrics = all(socket, "metric_update").findLast(
      (one) => one.playlistId === playlistIdOf(0),
    ).metrics;
    assert.deepEqual([metrics.trackCount, metrics.enriched], [100, 100]);
    assert.deepEqual((await server.call(`/api/playlists/${playlistIdOf(0)}`)).body.metrics, metrics);
    const actions = all(socket, "activity_logged").map(({ action }) => action);
    assert.deepEqual(actions, ["playlists_imported", "enrichment_completed"]);
    assert.equal((await next(socket, "analytics_updated")).playlists, 3);
    assert.equal((await server.call("/api/analytics")).body.enriched, 230);
    const job = (await server.call(`/api/enrichment/jobs/${jobId}`)).body;
    assert.deepEqual(job.progress, { processed: 230, succeeded: 230, failed: 0, total: 230 });
  });

  it("uses the rows that can be used, and says what is wrong with the others", async () => {
    const socket = await watch(server);
    const id = playlistIdOf(9000);
    const rows = [
      HEADER,
      `${id},"Odd, ""quoted"" name",12,"Song (feat. Guest) [Live]",Singer,GB-AYE-67-00001,1000,5`,
      `${id},,,Sóng (feat. Guest) [Live],SINGER,,1000,50`,
      `${id},,,No code,Singer,NOT-AN-ISRC,1000,7`,
      `short,,,A,B,,1,1`,
      `short,,,C,D,,1,1`,
      `${id},,many,A,B,,1,1`,
    ];
    const { importId, jobId, total } = await send(server, `\u{feff}${rows.join("\r\n")}\r\n`);
    const ended = await next(socket, "enrichment_job_completed", (data) => data.jobId === jobId);
    assert.deepEqual([total, ended.succeeded, ended.failed], [6, 2, 1]);
    assert.equal((await server.call(`/api/enrichment/jobs/${importId}`)).body.progress.failed, 3);
    const errors = all(socket, "playlist_error").map((one) => [one.playlistId, one.error]);
    assert.deepEqual(errors, [
      ["short", '"short" is no id of a playlist: it takes 22 letters and digits.'],
      [id, '"many" is no number of followers.'],
    ]);
    const refused = all(socket, "track_status_changed").find((one) => one.newStatus === "failed");
    assert.match(refused.error, /"NOT-AN-ISRC" is no ISRC/);
    const { name, tracks } = (await server.call(`/api/playlists/${id}`)).body;
    assert.equal(name, 'Odd, "quoted" name');
    const [first, second] = tracks;
    assert.deepEqual(first.metadata, {
      title: "Song",
      artists: ["Singer", "Guest"],
      version: "Live",
      isrc: { country: "GB", registrant: "AYE", year: 1967 },
    });
    assert.deepEqual([second.duplicateOf, first.score, second.score], [first.id, 0, 50]);
  });

  it("of 10,000 rows reaches every socket whole", async () => {
    const big = await testServer();
    const sockets = [await watch(big), await watch(big, "/ws")];
    const { jobId } = await send(big, sampleCsv(10_000));
    for (const socket of sockets) {
      await next(socket, "enrichment_job_completed", (data) => data.jobId === jobId);
      assert.equal(all(socket, "track_enriched").length, 10_000);
      assert.equal(all(socket, "track_status_changed").length, 20_000);
      assert.deepEqual(all(socket, "bulk_import_progress").at(-1).completed, 10_000);
    }
    const first = /** @type {TestSocket} */ (sockets[0]);
    assert.deepEqual(first.frames, sockets[1]?.frames);
  });

  it("can be cancelled, and its enrichment can fail", async () => {
    const socket = await watch(server);
    const slow = await send(server, sampleCsv(500), "?pace=1000");
    await next(socket, "bulk_import_progress", (data) => data.completed === 50);
    for (const id of [slow.jobId, slow.importId]) {
      assert.equal((await server.post(`/api/enrichment/jobs/${id}/cancel`)).status, 202);
      assert.equal((await server.post(`/api/enrichment/jobs/${id}/cancel`)).status, 409);
    }
    const { jobId } = await send(server, sampleCsv(10), "?fail=1");
    const failed = await next(socket, "enrichment_job_failed");
    assert.deepEqual(
      [failed.jobId, failed.error],
      [jobId, (await server.call(`/api/enrichment/jobs/${jobId}`)).body.error],
    );
    const last = await next(
      socket,
      "job_status_changed",
      (data) => data.jobId === jobId && data.status === "failed",
    );
    assert.equal(last.error, failed.error);
    const states = all(socket, "track_status_changed").slice(-10);
    assert.ok(states.every((one) => one.newStatus === "pending"));
    assert.ok(!all(socket, "bulk_import_progress").some((one) => one.completed === 500));
  });

  for (const [what, csv, sentence] of /** @type {const} */ ([
    ["nothing", "", /no rows/],
    ["a header alone", `${HEADER}\n`, /no rows/],
    ["other columns", "a,b\n1,2\n", /no column playlist_id, track_name, artist_name/],
    ["an open quotation mark", `${HEADER}\n"a,b\n`, /not a CSV file: Quote Not Closed/],
    ["too many columns", `${HEADER}\n1,2,3,4,5,6,7,8,9\n`, /not a CSV file: Invalid Record Length/],
  ])) {
    it(`is not made of ${what}`, async () => {
      const response = await server.call("/api/playlists/import", { method: "POST", body: csv });
      assert.equal(response.status, 400, response.text);
      assert.match(response.body.detail, sentence);
    });
  }
});

describe("a playlist", async () => {
  const server = await testServer();
  const first = await watch(server);
  await send(server, sampleCsv(3));
  await next(first, "enrichment_job_completed");
  const path = `/api/playlists/${playlistIdOf(0)}`;

  it("has its changes told as they are made", async () => {
    const socket = await watch(server);
    const { status, body } = await server.post(path, { name: "New name", followers: 77 });
    assert.deepEqual([status, body.name, body.followers], [200, "New name", 77]);
    const { id, playlistId } = body;
    assert.deepEqual(await next(socket, "playlist_updated"), {
      playlistId,
      id,
      updates: { name: "New name" },
    });
    const counts = { playlistId, id, followers: 77, previous: 0 };
    assert.deepEqual(await next(socket, "follower_count_updated"), counts);
    assert.equal((await next(socket, "activity_logged")).playlistId, playlistId);
    assert.equal((await next(socket, "analytics_updated")).followers, 77);
    await server.post(`${path}/refresh`);
    assert.equal((await next(socket, "metric_update")).metrics.followers, 77);
    const { jobId } = (await server.post(`${path}/enrich`)).body;
    await next(socket, "enrichment_job_completed", (data) => data.jobId === jobId);
  });

  it("is not changed by what makes no sense", async () => {
    for (const [body, sentence] of /** @type {const} */ ([
      [{ followers: -1 }, /whole number/],
      [{ name: "" }, /1 to 200/],
      [{ owner: "me" }, /no "owner"/],
      [{}, /name, followers or both/],
    ])) {
      const response = await server.post(path, body);
      assert.equal(response.status, 400);
      assert.match(response.body.detail, sentence);
    }
    assert.equal((await server.call("/api/playlists/none")).status, 404);
    assert.equal((await server.post(`${path}/enrich?pace=soon`)).status, 400);
    assert.equal((await server.call("/api/enrichment/jobs/none")).status, 404);
  });
});

describe("a broadcast", () => {
  for (const [shape, wanted] of /** @type {const} */ ([
    ["mixed", { track_enriched: "flat", playlist_updated: "type", job_status_changed: "event" }],
    ["type", { track_enriched: "type", playlist_updated: "type", job_status_changed: "type" }],
    ["event", { track_enriched: "event", playlist_updated: "event", job_status_changed: "event" }],
    ["flat", { track_enriched: "flat", playlist_updated: "flat", job_status_changed: "flat" }],
  ])) {
    it(`has the shape "${shape}"`, async () => {
      const server = await testServer({ envelope: shape });
      const socket = await watch(server);
      await send(server, sampleCsv(1));
      await next(socket, "enrichment_job_completed");
      for (const [event, expected] of Object.entries(wanted)) {
        const message = socket.messages.find((one) => open(one).event === event);
        assert.equal(message.data === undefined ? "flat" : message.event ? "event" : "type", expected, event);
      }
    });
  }

  it("goes both ways, can be cut, and carries any frame for a test", async () => {
    const server = await testServer();
    const socket = await watch(server);
    socket.send({ type: "ping" });
    socket.send({ type: "hello", data: 1 });
    await socket.message((one) => one.type === "pong");
    await server.post("/api/_control/replay", ["{not json", '{"type":"mine","data":{"a":1}}']);
    await socket.frameCount(3);
    assert.deepEqual(socket.frames.slice(1), ["{not json", '{"type":"mine","data":{"a":1}}']);
    const state = (await server.call("/api/_control/state")).body;
    assert.deepEqual(state.received, [{ type: "ping" }, { type: "hello", data: 1 }]);
    assert.deepEqual((await server.post("/api/_control/cut")).body, { closed: 1 });
    assert.equal((await socket.close()).code, 1006);
    await assert.rejects(server.socket("/elsewhere").opened, /404/);
  });

  it("is for those with a token where tokens are set", async () => {
    const server = await testServer({ tokens: ["let-me-in"] });
    assert.equal((await server.socket("/?token=wrong").close()).code, 4401);
    await watch(server, "/?token=let-me-in");
    assert.equal((await server.call("/api/playlists")).status, 401);
    assert.equal((await server.call("/api/playlists?token=let-me-in")).status, 200);
  });
});

describe("the command line", () => {
  const main = fileURLToPath(new URL("./main.mjs", import.meta.url));
  /** @param {Record<string, string>} env */
  function run(env) {
    const child = spawn(process.execPath, [main], { env: { ...process.env, ...env } });
    after(() => child.kill("SIGKILL"));
    return child;
  }

  it("says where it listens, and ends on SIGTERM", async () => {
    const child = run({ PORT: "0" });
    const [line] = await once(createInterface({ input: child.stdout }), "line");
    assert.match(line, /^ready http:\/\/127\.0\.0\.1:\d+$/);
    child.kill("SIGTERM");
    assert.deepEqual(await once(child, "exit"), [0, null]);
  });

  for (const [name, value, says] of /** @type {const} */ ([
    ["ENVELOPE", "round", /ENVELOPE is "round"; give one of mixed/],
    ["NAMES", '{"fields":{"jobId":7}}', /NAMES is .*; give JSON such as/],
  ])) {
    it(`refuses a setting of ${name} that makes no sense`, async () => {
      const child = run({ [name]: value });
      assert.match(String((await once(child.stderr, "data"))[0]), says);
      assert.deepEqual(await once(child, "exit"), [1, null]);
    });
  }
});
