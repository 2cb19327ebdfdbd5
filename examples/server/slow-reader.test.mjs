/** Clients that ask for much and take nothing: they are dropped before what waits for them fills the memory. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, describe, it } from "node:test";
import { WebSocket } from "ws";
import { song } from "./karaoke/testing.mjs";
import { testServer } from "./testing.mjs";

/** More than fits into the buffers of both systems and the server's own bound. */
const QUESTIONS = 300_000;
const AT_A_TIME = 5000;

/**
 * Asks again and again without reading an answer, until the server has had enough.
 * @param {WebSocket} socket open
 * @param {string} question
 */
async function askWithoutReading(socket, question) {
  let isClosed = false;
  socket.on("close", () => (isClosed = true));
  socket.on("error", () => {});
  socket.pause();
  for (let asked = 0; asked < QUESTIONS && socket.readyState === WebSocket.OPEN; asked += AT_A_TIME) {
    for (let count = 0; count < AT_A_TIME; count += 1) socket.send(question);
    await new Promise((resolve) => setImmediate(resolve));
  }
  socket.resume();
  if (!isClosed) await once(socket, "close");
}

/** @param {string} url */
async function open(url) {
  const socket = new WebSocket(url.replace("http", "ws"));
  after(() => socket.terminate());
  await once(socket, "open");
  return socket;
}

describe("a client that takes no answers", async () => {
  const server = await testServer();

  it("is dropped by the sockets of image sessions", async () => {
    const socket = await open(`${server.url}/api/images_mvp/progress/slow`);
    await askWithoutReading(socket, '{"type":"ping"}');
    assert.equal((await server.call("/healthz")).text, "ok");
  });

  it("is dropped by Socket.IO", async () => {
    const headers = { "X-Filename": `${"x".repeat(100)}.wav` };
    const body = song({ seconds: 1 });
    await server.call("/api/jobs?pace=10000", { method: "POST", body, headers });
    const socket = await open(`${server.url}/socket.io/?EIO=4&transport=websocket`);
    await once(socket, "message");
    socket.send("40/jobs,");
    await once(socket, "message");
    await askWithoutReading(socket, '42/jobs,["request_jobs_list"]');
    assert.equal((await server.call("/healthz")).text, "ok");
  });
});
