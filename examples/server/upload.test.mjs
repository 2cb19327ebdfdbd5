import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { rawRequest, requestHead } from "../../tests/attacks/support/raw-request.mjs";
import { song } from "./karaoke/testing.mjs";
import { testServer } from "./testing.mjs";

const TEMPORARY = mkdtempSync(join(tmpdir(), "jobwire-upload-test-"));
process.env["TMPDIR"] = TEMPORARY;
after(() => rmSync(TEMPORARY, { recursive: true }));

/** Files of all servers of this test. */
const files = () =>
  readdirSync(TEMPORARY)
    .filter((name) => name.startsWith("jobwire-server-"))
    .flatMap((name) => readdirSync(join(TEMPORARY, name)));

async function untilNoFiles() {
  while (files().length > 0) await delay(10);
}

/** @param {string} path @param {number | "chunked"} length */
const head = (path, length) =>
  requestHead(`POST ${path} HTTP/1.1`, {
    Host: "localhost",
    ...(length === "chunked" ? { "Transfer-Encoding": "chunked" } : { "Content-Length": String(length) }),
  });

describe("uploads", () => {
  it("are received at most so many at the same time", async () => {
    const server = await testServer({ maxUploads: 2 });
    const held = new AbortController();
    const slow = [1, 2].map(() =>
      rawRequest(server.url, [head("/api/v1/jobs", 10), "part"], {
        timeoutMs: 60_000,
        signal: held.signal,
      }),
    );
    while (files().length < 2) await delay(10);
    for (const path of ["/api/v1/jobs", "/api/jobs", "/api/playlists/import"]) {
      const { status, body, headers } = await server.call(path, { method: "POST", body: "x" });
      assert.deepEqual([status, headers.get("retry-after")], [429, "5"], path);
      assert.match(body.detail, /Too many uploads/);
    }
    const form = new FormData();
    form.append("tracks", new Blob(["x"]), "a.wav");
    assert.equal((await server.call("/api/analysis/jobs", { method: "POST", body: form })).status, 429);
    assert.equal((await server.call("/api/jobs")).status, 200);
    held.abort();
    await Promise.all(slow);
  });

  it("leave nothing when they are broken off", async () => {
    const server = await testServer();
    for (const path of ["/api/v1/jobs", "/api/jobs", "/api/playlists/import"])
      await rawRequest(server.url, [head(path, 1_000), "part"], { timeoutMs: 200 });
    const boundary =
      "POST /api/analysis/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000\r\n" +
      "Content-Type: multipart/form-data; boundary=x\r\n\r\n";
    const part = '--x\r\nContent-Disposition: form-data; name="tracks"; filename="a"\r\n\r\nsome of it';
    await rawRequest(server.url, [boundary, part], { timeoutMs: 300 });
    await untilNoFiles();
    const good = await server.upload("a.txt", "whole");
    assert.equal(good.status, 202);
  });

  it("leave nothing, and give back their place, when they stop or take too long", async () => {
    const server = await testServer({ maxUploads: 1, idleMs: 200, bodyMs: 500 });
    for (const path of ["/api/v1/jobs", "/api/jobs", "/api/playlists/import"]) {
      assert.equal((await rawRequest(server.url, [head(path, 1_000), "part"])).status, 408);
      await untilNoFiles();
      const drip = Array.from({ length: 100 }, () => "x");
      assert.equal((await rawRequest(server.url, [head(path, 1_000), ...drip], { pauseMs: 50 })).status, 408);
      await untilNoFiles();
    }
    assert.equal((await server.upload("a.txt", "whole")).status, 202);
  });

  it("have a size, also when they do not say it", async () => {
    const server = await testServer({ maxUploadBytes: 1_000 });
    assert.equal((await rawRequest(server.url, head("/api/v1/jobs", 1_001))).status, 413);
    const chunk = `400\r\n${"x".repeat(0x400)}\r\n`;
    for (const path of ["/api/v1/jobs", "/api/jobs", "/api/playlists/import"]) {
      const { status, text } = await rawRequest(server.url, [head(path, "chunked"), chunk, chunk], {
        pauseMs: 20,
      });
      assert.equal(status, 413, path);
      assert.match(text, /larger than 1000 bytes/);
    }
    await untilNoFiles();
  });

  it("have a form of a bounded size, number of fields and of files", async () => {
    const server = await testServer({ maxUploadBytes: 1_000 });
    /** @param {(form: FormData) => void} fill */
    const send = async (fill) => {
      const form = new FormData();
      fill(form);
      return server.call("/api/analysis/jobs", { method: "POST", body: form });
    };
    const large = await send((form) => form.append("tracks", new Blob(["x".repeat(2_000)]), "a.wav"));
    assert.equal(large.status, 413);
    const fields = await send((form) => {
      for (let index = 0; index < 100; index += 1) form.append(`field-${index}`, "x");
    });
    assert.equal(fields.status, 400);
    assert.equal((await send((form) => form.append("field", "x".repeat(10_000)))).status, 400);
    assert.equal((await send((form) => form.append("a".repeat(1_000), "x"))).status, 400);
    await untilNoFiles();
  });

  it("have room together, which ended jobs give up for new ones", async () => {
    const recording = song({ seconds: 0.2 });
    const server = await testServer({ maxStoredBytes: 5 * recording.length, workers: 1 });
    const failed = (await server.upload("a.txt", "x".repeat(recording.length), "?fail=hash")).body.job_id;
    const state = async () => (await server.call(`/api/v1/jobs/${failed}`)).body.status;
    while ((await state()) !== "failed") await delay(10);
    // Of its own three times its size: the recording and its results.
    const first = (await server.call("/api/jobs", { method: "POST", body: recording })).body.id;
    const of = async (/** @type {string} */ id) => (await server.call(`/api/jobs/${id}`)).body.status;
    while ((await of(first)) !== "completed") await delay(10);
    const second = await server.call("/api/jobs?pace=5000", { method: "POST", body: recording });
    assert.equal(second.status, 202);
    // The failed job has given up its file, and the completed one its results.
    assert.equal((await server.post(`/api/v1/jobs/${failed}/retry`)).status, 409);
    assert.equal((await server.call(`/api/jobs/${first}`)).status, 200);
    const third = await server.call("/api/jobs", { method: "POST", body: recording });
    assert.deepEqual([third.status, third.headers.get("retry-after")], [503, "5"]);
    assert.match(third.body.detail, /no room for more files/);
    assert.equal((await server.call(`/api/jobs/${first}`)).status, 404);
    assert.equal((await server.post(`/api/jobs/${second.body.id}/cancel`)).status, 202);
    assert.equal((await server.call("/api/jobs", { method: "POST", body: recording })).status, 202);
  });

  it("have small JSON bodies beside them", async () => {
    const server = await testServer();
    const body = { jobId: "a", status: "b", more: "x".repeat(70_000) };
    assert.equal((await server.post("/api/analysis/notify", body)).status, 413);
    assert.equal((await server.post("/api/analysis/notify", { ...body, more: "" })).status, 200);
  });
});
