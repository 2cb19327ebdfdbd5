import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { WebSocket, WebSocketServer } from "ws";
import { createFaultProxy } from "./proxy.mjs";

/** A back-end that echoes, over HTTP the body and over WebSocket the messages. */
const http = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  response.setHeader("Access-Control-Allow-Origin", "*");
  response.end(`${request.method} ${request.headers.connection} ${body}`);
});
const sockets = new WebSocketServer({ server: http });
sockets.on("connection", (socket) => socket.on("message", (data) => socket.send(String(data))));

let target = "";
/** @type {import("./proxy.mjs").FaultProxy} */
let proxy;
/** @type {WebSocket[]} */
let clients = [];

/** @param {string} [path] */
function open(path = "/socket") {
  const socket = new WebSocket(proxy.url.replace("http", "ws") + path);
  socket.on("error", () => {});
  clients.push(socket);
  return socket;
}

/** @param {WebSocket} socket @param {string} text */
async function echo(socket, text) {
  socket.send(text);
  const [data] = await once(socket, "message");
  return String(data);
}

/** @param {string} path @param {RequestInit} [init] */
const call = async (path, init) => {
  const response = await fetch(proxy.url + path, init);
  return { status: response.status, headers: response.headers, text: await response.text() };
};

/** True when no message has come by the time a request and its answer went through the same proxy. @param {WebSocket} socket */
async function quiet(socket) {
  let heard = 0;
  socket.on("message", () => (heard += 1));
  for (let round = 0; round < 3; round += 1) await call("/round");
  return heard === 0;
}

before(async () => {
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  target = `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (http.address()).port}`;
});
after(() => {
  http.close();
  http.closeAllConnections();
});
beforeEach(async () => {
  proxy = await createFaultProxy({ target });
});
afterEach(async () => {
  for (const socket of clients) socket.terminate();
  clients = [];
  await proxy.close();
  for (const socket of sockets.clients) socket.terminate();
});

describe("the fault proxy", () => {
  it("passes requests, bodies and WebSocket messages, and counts them", async () => {
    const body = "x".repeat(300_000);
    const answer = await call("/a?token=secret", { method: "POST", body });
    assert.equal(answer.text, `POST close ${body}`);
    await call("/a");
    const first = open();
    await once(first, "open");
    assert.equal(await echo(first, "hello"), "hello");
    const second = open("/other?token=secret");
    await once(second, "open");
    second.close();
    await once(proxy.events, "close");
    assert.deepEqual(proxy.counters, {
      upgrades: 2,
      refusedUpgrades: 0,
      openWebSockets: 1,
      mostWebSockets: 2,
      requests: { "/a": 2 },
      upgradePaths: { "/socket": 1, "/other": 1 },
    });
  });

  it("reads a head that comes in pieces", async () => {
    const raw = connect(proxy.port, "127.0.0.1");
    raw.setNoDelay(true);
    for (const piece of ["GET /pie", "ces HTTP/1.1\r\nHost: x\r", "\n\r", "\n"]) {
      await new Promise((resolve) => raw.write(piece, resolve));
    }
    const [data] = await once(raw, "data");
    assert.match(String(data), /^HTTP\/1\.1 200/);
    raw.destroy();
    assert.deepEqual(proxy.counters.requests, { "/pieces": 1 });
  });

  it("cuts what is connected once, and takes new connections", async () => {
    const socket = open();
    await once(socket, "open");
    proxy.cut();
    const [code] = await once(socket, "close");
    assert.equal(code, 1006);
    const again = open();
    await once(again, "open");
    assert.equal(await echo(again, "back"), "back");
  });

  it("refuses handshakes with the given status while HTTP passes", async () => {
    const before = open();
    await once(before, "open");
    await proxy.mode("refuseUpgrade", { status: 403 });
    const refused = open();
    const [error] = await once(refused, "error");
    assert.match(error.message, /403/);
    assert.equal((await call("/b")).status, 200);
    assert.equal(await echo(before, "still here"), "still here");
    assert.equal(proxy.counters.refusedUpgrades, 1);
    await proxy.mode("pass");
    await once(open(), "open");
  });

  it("falls silent on WebSockets for good, in both directions, while HTTP passes", async () => {
    const socket = open();
    await once(socket, "open");
    const [serverSide] = sockets.clients;
    let arrived = 0;
    serverSide?.on("message", () => (arrived += 1));
    await proxy.mode("silent");
    socket.send("lost");
    serverSide?.send("lost too");
    assert.equal(await quiet(socket), true);
    assert.equal(arrived, 0);
    const born = open();
    await once(born, "open");
    born.send("lost as well");
    assert.equal(await quiet(born), true);

    await proxy.mode("pass");
    socket.send("still lost");
    assert.equal(await quiet(socket), true);
    assert.equal(socket.readyState, WebSocket.OPEN);
    const fresh = open();
    await once(fresh, "open");
    assert.equal(await echo(fresh, "heard"), "heard");
  });

  it("hides the end of either side of a silent WebSocket from the other", async () => {
    const socket = open();
    await once(socket, "open");
    const [serverSide] = sockets.clients;
    await proxy.mode("silent");
    serverSide?.terminate();
    assert.equal(await quiet(socket), true);
    assert.equal(socket.readyState, WebSocket.OPEN);
    socket.terminate();
    await once(proxy.events, "close");
    assert.equal(proxy.counters.openWebSockets, 0);
  });

  it("swallows everything as a black hole, new connections too", async () => {
    const socket = open();
    await once(socket, "open");
    await proxy.mode("blackhole");
    await assert.rejects(fetch(proxy.url, { signal: AbortSignal.timeout(100) }), { name: "TimeoutError" });
    assert.equal(socket.readyState, WebSocket.OPEN);
    await proxy.mode("pass");
    assert.equal((await call("/c")).status, 200);
  });

  it("is down and comes up at the same address", async () => {
    const socket = open();
    await once(socket, "open");
    const closed = once(socket, "close");
    await proxy.mode("down");
    await closed;
    const refused = await fetch(proxy.url).catch((error) => error);
    assert.equal(refused.cause?.code, "ECONNREFUSED");
    await proxy.mode("pass");
    assert.equal((await call("/d")).status, 200);
  });

  it("delays by its latency each way, in order", async () => {
    const socket = open();
    await once(socket, "open");
    proxy.latency(40);
    const began = performance.now();
    /** @type {string[]} */
    const heard = [];
    socket.on("message", (data) => heard.push(String(data)));
    for (const text of ["1", "2", "3"]) socket.send(text);
    while (heard.length < 2) await once(socket, "message");
    proxy.latency(0);
    socket.send("4");
    while (heard.length < 4) await once(socket, "message");
    assert.deepEqual(heard, ["1", "2", "3", "4"]);
    assert.ok(performance.now() - began >= 75);
  });

  it("answers plain requests with the status and headers it was told, preflights and WebSockets apart", async () => {
    proxy.httpStatus(429, { "Retry-After": "7" });
    const answer = await call("/e", { method: "POST", body: "y".repeat(100_000) });
    assert.equal(answer.status, 429);
    assert.equal(answer.headers.get("retry-after"), "7");
    assert.equal((await call("/e", { method: "OPTIONS" })).status, 200);
    await once(open(), "open");
    await proxy.reset();
    assert.equal((await call("/e")).status, 200);
  });

  it("resets the client when the back-end is not there", async () => {
    proxy.retarget("http://127.0.0.1:1");
    await assert.rejects(fetch(proxy.url));
  });
});
