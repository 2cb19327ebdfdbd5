import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { testServer } from "./testing.mjs";

describe("a job", async () => {
  const server = await testServer({ maxUploadBytes: 2 * 1024 * 1024 });
  /** @param {string} id @param {string} [query] */
  const stream = (id, query = "") => server.socket(`/api/v1/jobs/${id}/stream${query}`);

  it("runs from the upload to the result, with progress that never falls", async () => {
    const bytes = Buffer.from("one two\nthree\n");
    const accepted = await server.upload("nötes.txt", bytes, "?pace=300");
    assert.equal(accepted.status, 202);
    assert.deepEqual(accepted.body, { job_id: accepted.body.job_id, status: "queued", attempt: 1 });

    const socket = stream(accepted.body.job_id);
    const completed = await socket.message((one) => one.type === "completed");
    assert.equal((await socket.close()).code, 1000);
    const progress = socket.messages.filter((one) => one.type === "progress");
    assert.ok(progress.length >= 4);
    assert.deepEqual(
      progress.map((one) => one.progress),
      progress.map((one) => one.progress).sort((a, b) => a - b),
    );
    assert.deepEqual([...new Set(progress.map((one) => one.stage))].slice(-3), [
      "metadata",
      "thumbnail",
      "package",
    ]);
    for (const message of socket.messages) assert.equal(message.attempt, 1);

    const view = await server.call(`/api/v1/jobs/${accepted.body.job_id}`);
    assert.equal(view.body.status, "completed");
    assert.equal(view.body.progress, 100);
    assert.equal(view.body.result_url, completed.result_url);
    assert.ok(view.body.duration_seconds >= 1.2);

    const result = await server.call(completed.result_url);
    assert.equal(result.body.filename, "nötes.txt");
    assert.equal(result.body.sha256, createHash("sha256").update(bytes).digest("hex"));
    assert.equal(result.body.format, "text");
    assert.deepEqual(result.body.metadata, { lines: 2, words: 3, characters: 14 });
    assert.match(result.body.thumbnail, /^data:image\/png;base64,iVBOR/);
  });

  it("fails retryably where asked to, and completes on retry as attempt 2", async () => {
    const { body } = await server.upload("a.bin", "abc", "?fail=thumbnail");
    const first = stream(body.job_id);
    const failure = await first.message((one) => one.type === "error");
    assert.equal(failure.error.stage, "thumbnail");
    assert.equal(failure.error.retryable, true);
    assert.equal((await first.close()).code, 1000);

    const retried = await server.post(`/api/v1/jobs/${body.job_id}/retry`);
    assert.equal(retried.status, 202);
    assert.equal(retried.body.attempt, 2);
    const second = stream(body.job_id);
    const completed = await second.message((one) => one.type === "completed");
    assert.equal(completed.attempt, 2);
    assert.equal((await server.post(`/api/v1/jobs/${body.job_id}/retry`)).status, 409);
  });

  it("is cancelled in the middle of its work", async () => {
    const { body } = await server.upload("a.bin", "abc", "?pace=10000");
    const socket = stream(body.job_id);
    await socket.message((one) => one.type === "progress" && one.stage === "hash");
    assert.equal((await server.post(`/api/v1/jobs/${body.job_id}/cancel`)).status, 202);
    await socket.message((one) => one.type === "cancelled");
    assert.equal((await socket.close()).code, 1000);
    assert.equal((await server.call(`/api/v1/jobs/${body.job_id}`)).body.status, "cancelled");
    assert.equal((await server.post(`/api/v1/jobs/${body.job_id}/cancel`)).status, 409);
  });

  it("tells a late watcher its end again and closes", async () => {
    await server.post("/api/v1/_synthetic", {
      job_id: "late",
      status: "failed",
      error: { message: "no", retryable: false },
    });
    const socket = stream("late");
    assert.equal((await socket.close()).code, 1000);
    assert.deepEqual(
      socket.messages.map((one) => [one.type, one.error]),
      [["error", { message: "no", retryable: false }]],
    );
    assert.equal((await server.post("/api/v1/jobs/late/retry")).status, 409);
  });

  it("answers an unchanged state with 304 and a changed one with 200", async () => {
    await server.post("/api/v1/_synthetic", { job_id: "etag", progress: 10 });
    const first = await server.call("/api/v1/jobs/etag");
    const etag = first.headers.get("etag") ?? "";
    assert.match(etag, /^"[^"]+"$/);
    const headers = { "If-None-Match": etag };
    assert.equal((await server.call("/api/v1/jobs/etag", { headers })).status, 304);
    await server.post("/api/v1/_synthetic/etag", { progress: 11 });
    const second = await server.call("/api/v1/jobs/etag", { headers });
    assert.equal(second.status, 200);
    assert.equal(second.body.progress, 11);
  });

  it("is unknown to HTTP as 404 and to a WebSocket as 4404", async () => {
    const missing = await server.call("/api/v1/jobs/none");
    assert.equal(missing.status, 404);
    assert.equal(typeof missing.body.detail, "string");
    assert.equal((await stream("none").close()).code, 4404);
  });

  it("does not come to be when the upload is broken off", async () => {
    const { jobs } = (await server.call("/api/v1/_control/state")).body;
    const abort = new AbortController();
    const body = new ReadableStream({
      pull(controller) {
        if (abort.signal.aborted) return;
        controller.enqueue(new Uint8Array(1000));
        abort.abort();
      },
    });
    const init = /** @type {RequestInit} */ ({ method: "POST", body, duplex: "half", signal: abort.signal });
    await assert.rejects(fetch(`${server.url}/api/v1/jobs`, init), { name: "AbortError" });
    assert.equal((await server.call("/api/v1/_control/state")).body.jobs, jobs);
  });

  it("is refused with a reason when the upload is too large, declared or streamed", async () => {
    const large = Buffer.alloc(3 * 1024 * 1024);
    const declared = await server.upload("large.bin", large);
    assert.equal(declared.status, 413);
    assert.match(declared.body.detail, /larger than 2097152 bytes.*smaller/);
    const body = new Blob([large]).stream();
    const init = /** @type {RequestInit} */ ({ method: "POST", body, duplex: "half" });
    const streamed = await fetch(`${server.url}/api/v1/jobs`, init);
    assert.equal(streamed.status, 413);
  });

  it("is refused with the remedy when an option or the name makes no sense", async () => {
    const fail = await server.upload("a", "a", "?fail=lunch");
    assert.equal(fail.status, 400);
    assert.match(fail.body.detail, /hash, metadata, thumbnail, package/);
    const name = await server.call("/api/v1/jobs", {
      method: "POST",
      body: "a",
      headers: { "X-Filename": "%E0%A4" },
    });
    assert.equal(name.status, 400);
    assert.match(name.body.detail, /encodeURIComponent/);
  });
});
