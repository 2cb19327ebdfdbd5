import assert from "node:assert/strict";
import { createServer } from "node:net";
import { after, test } from "node:test";
import { malformedRequests, oddRequests } from "./generate.mjs";
import { residentBytes } from "./memory.mjs";
import { HANDSHAKE, rawRequest, requestHead } from "./raw-request.mjs";

/** @param {(socket: import("node:net").Socket) => void} serve */
async function server(serve) {
  const listener = createServer(serve);
  await new Promise((resolve) => listener.listen(0, "127.0.0.1", () => resolve(undefined)));
  after(() => listener.close());
  return `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (listener.address()).port}`;
}

test("bytes arrive as they were given, and the answer is read to its end", async () => {
  const url = await server((socket) =>
    socket.on("data", (bytes) => socket.end(`HTTP/1.1 207 \r\n\r\n${bytes.toString("hex")}`)),
  );
  const answer = await rawRequest(url, "GET \0\xff");
  assert.deepEqual(answer, { status: 207, text: "HTTP/1.1 207 \r\n\r\n4745542000ff", ended: "end" });
});

test("an answer without an end is read up to a number of bytes", async () => {
  const url = await server((socket) => {
    const more = setInterval(() => socket.write("x".repeat(1000)), 1);
    socket.on("close", () => clearInterval(more));
    socket.on("error", () => {});
  });
  const answer = await rawRequest(url, "GET / HTTP/1.1\r\n\r\n", { maxBytes: 5000 });
  assert.deepEqual([answer.text.length, answer.ended, answer.status], [5000, "limit", undefined]);
});

test("a server that does not answer ends the exchange by time", async () => {
  const url = await server((socket) => socket.on("error", () => {}));
  assert.equal((await rawRequest(url, ["GET", " /"], { timeoutMs: 50, pauseMs: 1 })).ended, "timeout");
});

test("a connection that is reset or refused is an answer", async () => {
  const url = await server((socket) => socket.resetAndDestroy());
  assert.equal((await rawRequest(url, "GET / HTTP/1.1\r\n\r\n")).ended, "reset");
});

test("the same seed makes the same requests, another seed others", () => {
  const requests = (/** @type {number} */ seed) =>
    Buffer.concat([...malformedRequests(seed, 200, ["/mine"])]).toString("latin1");
  assert.equal(requests(7), requests(7));
  assert.notEqual(requests(7), requests(8));
  assert.match(requests(7), /\/mine/);
  for (const bytes of oddRequests(7, 200, ["/mine"]))
    assert.match(bytes.toString("latin1"), /^[A-Z]+ \S+ HTTP\/1\.1\r\nHost: 127\.0\.0\.1\r\n[^]*\r\n$/);
});

test("a head has a line for each header and a blank line behind them", () => {
  const head = requestHead("GET / HTTP/1.1", { Host: "a", ...HANDSHAKE });
  assert.match(head, /^GET \/ HTTP\/1\.1\r\nHost: a\r\nConnection: Upgrade\r\n[^]*==\r\n\r\n$/);
});

test("the memory of a process is counted", async () => {
  assert.ok((await residentBytes(process.pid)) > 10 * 1024 ** 2);
});
