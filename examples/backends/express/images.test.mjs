import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { client } from "../../server/test-client.mjs";
import { rawRequest, requestHead } from "../../../tests/attacks/support/raw-request.mjs";
import { startServer } from "./server.mjs";

const PHOTO = readFileSync(new URL("./sample.jpg", import.meta.url));
const SCREENSHOT = readFileSync(new URL("../../../docs/demo.png", import.meta.url));
const GIF = Buffer.from("R0lGODlhAgADAIAAAP///wAAACH5BAAAAAAALAAAAAACAAMAAAICRF4AOw==", "base64");
const TEMPORARY = mkdtempSync(join(tmpdir(), "jobwire-images-test-"));
process.env["TMPDIR"] = TEMPORARY;
after(() => rmSync(TEMPORARY, { recursive: true }));
const STEPS = [10, 20, 30, 50, 70, 90];

/** @param {Partial<import("./config.mjs").Config>} [options] */
async function testServer(options = {}) {
  const server = await startServer({ port: 0, tokens: [], control: true, ...options });
  after(() => server.close());
  return client(server.url);
}

/** @typedef {Awaited<ReturnType<typeof testServer>>} Server */

/**
 * @param {Server} server
 * @param {string | undefined} session
 * @param {Uint8Array | string} bytes
 * @param {string} [query]
 */
function send(server, session, bytes, query = "") {
  const form = new FormData();
  if (session !== undefined) form.append("session_id", session);
  form.append("file", new Blob([/** @type {BlobPart} */ (bytes)]), "picture.jpg");
  return server.call(`/api/images_mvp/extract${query}`, { method: "POST", body: form });
}

/** @param {Server} server @param {string} session @param {string} [query] */
async function watch(server, session, query = "") {
  const socket = server.socket(`/api/images_mvp/progress/${session}${query}`);
  await socket.message((one) => one.type === "connected");
  return socket;
}

/** @param {import("../../server/test-client.mjs").TestSocket} socket @returns {any[]} */
const told = (socket) => socket.messages.filter((one) => one.type === "progress");
const isEnd = (/** @type {any} */ one) => one.progress === 100 || /failed/.test(one.status);

describe("an extraction", async () => {
  const server = await testServer();

  it("is told step by step to who has the session, and to nobody else", async () => {
    const socket = await watch(server, "one");
    const other = await watch(server, "other");
    assert.equal(socket.messages[0].sessionId, "one");
    const { status, body } = await send(server, "one", PHOTO);
    assert.deepEqual([status, body], [202, { sessionId: "one", status: "processing" }]);
    await socket.message(isEnd);
    assert.deepEqual(
      told(socket).map(({ progress }) => progress),
      [...STEPS, 100],
    );
    assert.ok(told(socket).every((one) => one.status.length > 0 && !Number.isNaN(Date.parse(one.timestamp))));
    await send(server, "other", PHOTO);
    await other.message(isEnd);
    assert.equal(told(socket).length, told(other).length);
  });

  it("finds what the camera wrote", async () => {
    const socket = await watch(server, "photo");
    await send(server, "photo", PHOTO);
    await socket.message(isEnd);
    const session = (await server.call("/api/images_mvp/sessions/photo")).body;
    assert.deepEqual([session.job_id, session.status, session.progress], ["photo", "completed", 100]);
    const { exif, ...result } = (await server.call(session.result_url)).body;
    assert.deepEqual(result, {
      filename: "picture.jpg",
      size: PHOTO.length,
      sha256: result.sha256,
      format: "jpeg",
      width: 480,
      height: 320,
      position: { latitude: 47.5, longitude: 8.75 },
      orientation: 6,
      analysis: {
        shown_width: 320,
        shown_height: 480,
        megapixels: 0.15,
        aspect_ratio: "2:3",
        camera: "Jobwire Sample 1",
        taken_at: "2024-06-01T20:15:30",
        private: true,
      },
    });
    assert.deepEqual([exif.FNumber, exif.ExposureTime, exif.FocalLength], ["f/2.8", "1/250", "50 mm"]);
  });

  it("knows other formats by their bytes, not by their names", async () => {
    for (const [bytes, format, width, height] of /** @type {const} */ ([
      // As its header says: the picture is renewed now and then.
      [SCREENSHOT, "png", SCREENSHOT.readUInt32BE(16), SCREENSHOT.readUInt32BE(20)],
      [GIF, "gif", 2, 3],
    ])) {
      const { sessionId } = (await send(server, undefined, bytes)).body;
      await (await watch(server, sessionId)).message(isEnd);
      const { body } = await server.call(`/api/images_mvp/results/${sessionId}`);
      assert.deepEqual([body.format, body.width, body.height], [format, width, height]);
    }
  });

  for (const [what, bytes, reached, sentence] of /** @type {const} */ ([
    ["text", "no image at all", 30, /no image that can be read/],
    ["half a header", PHOTO.subarray(0, 100), 30, /cut off|cannot be read/],
    ["nothing", "", 10, /empty/],
  ])) {
    it(`of ${what} falls back to 0 with the reason`, async () => {
      const session = `bad-${reached}-${bytes.length}`;
      const socket = await watch(server, session);
      await send(server, session, bytes);
      const end = await socket.message(isEnd);
      assert.equal(end.progress, 0);
      assert.match(end.status, sentence);
      assert.ok(told(socket).at(-2).progress >= reached);
      const { status, error } = (await server.call(`/api/images_mvp/sessions/${session}`)).body;
      assert.deepEqual([status, error], ["failed", { message: end.status, retryable: true }]);
      assert.equal((await server.call(`/api/images_mvp/results/${session}`)).status, 404);
    });
  }

  it("can be asked to fail, and then be tried again in the same session", async () => {
    const socket = await watch(server, "again");
    await send(server, "again", PHOTO, "?fail=1");
    const failed = await socket.message(isEnd);
    assert.deepEqual([failed.progress, told(socket).at(-2).progress], [0, 70]);
    await send(server, "again", PHOTO);
    await socket.message((one) => one.progress === 100);
  });

  it("is one at a time in a session", async () => {
    const socket = await watch(server, "busy");
    await send(server, "busy", PHOTO, "?pace=300");
    assert.equal((await send(server, "busy", PHOTO)).status, 409);
    await socket.message(isEnd);
    assert.deepEqual(
      told(socket).map(({ progress }) => progress),
      [...STEPS, 100],
    );
  });

  it("tells who comes late where it is, unless it is to be as the original", async () => {
    await (
      await watch(server, "late")
    ).close;
    await send(server, "late", PHOTO);
    const late = await watch(server, "late");
    await late.message(isEnd);
    const original = await testServer({ replay: false, pingIntervalMs: 20 });
    const first = await watch(original, "late");
    await send(original, "late", PHOTO);
    await first.message(isEnd);
    const second = await watch(original, "late");
    await second.message((one) => one.type === "ping");
    assert.deepEqual(told(second), []);
  });

  it("is not made of a form that makes no sense", async () => {
    const path = "/api/images_mvp/extract";
    const form = new FormData();
    form.append("picture", new Blob(["x"]), "x.png");
    for (const [response, status, sentence] of /** @type {const} */ ([
      [await send(server, "no/id", PHOTO), 400, /session_id takes/],
      [await send(server, "pace", PHOTO, "?pace=soon"), 400, /pace takes/],
      [await server.call(path, { method: "POST", body: form }), 400, /Unexpected file field \(picture\)/],
      [await server.call(path, { method: "POST", body: new FormData() }), 400, /./],
      [await server.call(path, { method: "POST", body: "{}" }), 400, /no file/],
      [await server.call("/api/elsewhere"), 404, /nothing at/],
      [await server.call("/api/images_mvp/sessions/none"), 404, /Nothing was uploaded/],
    ])) {
      assert.equal(response.status, status, response.text);
      assert.match(JSON.parse(response.text).detail, sentence);
    }
    const small = await testServer({ maxImageBytes: 1000 });
    assert.equal((await send(small, "large", PHOTO)).status, 413);
    const folders = readdirSync(TEMPORARY);
    assert.deepEqual(
      folders.flatMap((name) => readdirSync(join(TEMPORARY, name))),
      [],
    );
  });
});

describe("a form that is broken off or has no end", () => {
  it("is refused, and ends neither the server nor the next upload", async () => {
    const server = await testServer({ maxImageBytes: 1_000, idleMs: 200 });
    const head = requestHead("POST /api/images_mvp/extract HTTP/1.1", {
      Host: "localhost",
      "Content-Type": "multipart/form-data; boundary=x",
      "Transfer-Encoding": "chunked",
    });
    const chunk = (/** @type {string} */ text) => `${text.length.toString(16)}\r\n${text}\r\n`;
    const part = chunk('--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n');
    const endless = Array.from({ length: 50 }, () => chunk("x".repeat(1_000)));
    const limits = { pauseMs: 5, timeoutMs: 20_000 };
    assert.equal((await rawRequest(server.url, [head, part, ...endless], limits)).status, 413);
    assert.equal((await rawRequest(server.url, [head, part], limits)).status, 408);
    await rawRequest(server.url, [head, part, chunk("x")], { timeoutMs: 50 });
    assert.equal((await send(server, "next", GIF)).status, 202);
  });
});

describe("the socket", async () => {
  const server = await testServer({ pingIntervalMs: 20, maxSockets: 2 });

  it("is pinged, and answers pings", async () => {
    const socket = await watch(server, "ping");
    await socket.message((one) => one.type === "ping");
    socket.send({ type: "pong" });
    socket.send({ type: "ping" });
    await socket.message((one) => one.type === "pong");
    const { sockets, pings, pongs } = (await server.call("/api/images_mvp/_control/state")).body;
    assert.deepEqual([sockets, pings, pongs], [1, 1, 1]);
    await server.post("/api/images_mvp/_control/cut");
    assert.equal((await socket.close()).code, 1006);
  });

  it("has a place as long as there are any", async () => {
    const [first] = [await watch(server, "a"), await watch(server, "a")];
    const refused = server.socket("/api/images_mvp/progress/b");
    assert.equal((await refused.close()).code, 1013);
    assert.deepEqual(refused.frames, []);
    await server.post("/api/images_mvp/_control/cut");
    await first.close();
    await watch(server, "b");
  });

  it("does not exist at other paths, and says so", async () => {
    await assert.rejects(server.socket("/api/images_mvp/progres/a").opened, /404/);
    await assert.rejects(server.socket("/").opened, /404/);
  });

  it("is for those with a token where tokens are set", async () => {
    const guarded = await testServer({ tokens: ["let-me-in"] });
    assert.equal((await guarded.socket("/api/images_mvp/progress/a").close()).code, 4401);
    await watch(guarded, "a", "?token=let-me-in");
    assert.equal((await send(guarded, "a", PHOTO)).status, 401);
  });
});

describe("the command line", () => {
  const main = fileURLToPath(new URL("./main.mjs", import.meta.url));

  it("says where it listens, and ends on SIGTERM", async () => {
    const child = spawn(process.execPath, [main], { env: { ...process.env, PORT: "0" } });
    after(() => child.kill("SIGKILL"));
    const [line] = await once(createInterface({ input: child.stdout }), "line");
    assert.match(line, /^ready http:\/\/127\.0\.0\.1:\d+$/);
    child.kill("SIGTERM");
    assert.deepEqual(await once(child, "exit"), [0, null]);
  });
});
