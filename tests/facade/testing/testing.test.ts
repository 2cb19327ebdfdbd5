import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createSocketIoServer, createTestServer } from "../../../pkg-template/src/testing/index.js";
import type { TestServer } from "../../../pkg-template/src/testing/index.js";

let server: TestServer;
const before = { WebSocket: globalThis.WebSocket, fetch: globalThis.fetch };
beforeEach(() => {
  server = createTestServer();
});
afterEach(() => server.dispose());

const base = "jobwire.test/api/v1/jobs/a";

async function connect(query = "") {
  const socket = new WebSocket(`wss://${base}/stream${query}`);
  const messages: Record<string, unknown>[] = [];
  socket.onmessage = ({ data }) => messages.push(JSON.parse(data as string));
  const closed = new Promise<CloseEvent>((resolve) => (socket.onclose = resolve));
  const opened = new Promise<boolean>((resolve) => {
    socket.onopen = () => resolve(true);
    socket.onerror = () => resolve(false);
  });
  return { socket, messages, closed, opened: await opened };
}

describe("the test server", () => {
  it("tells the life of a job over socket and HTTP", async () => {
    const { messages, closed } = await connect();
    server.job("a").progress(40, { stage: "download" });
    server.job("a").complete({ durationSeconds: 2 });
    expect((await closed).code).toBe(1000);
    expect(messages).toMatchObject([
      { type: "progress", job_id: "a", progress: 40, stage: "download", attempt: 1 },
      { type: "completed", job_id: "a", progress: 100, duration_seconds: 2 },
    ]);
    const read = await fetch(`https://${base}`);
    expect(await read.json()).toMatchObject({ job_id: "a", status: "completed", progress: 100 });
    const etag = read.headers.get("etag") as string;
    expect((await fetch(`https://${base}`, { headers: { "If-None-Match": etag } })).status).toBe(304);
  });

  it("repeats the end to whoever comes late", async () => {
    server.job("a").fail("no disk", { retryable: true, stage: "separation" });
    const { messages, closed } = await connect();
    await closed;
    expect(messages).toMatchObject([
      { type: "error", error: { message: "no disk", retryable: true, stage: "separation" } },
    ]);
    expect((await fetch(`https://${base}/retry`, { method: "POST" })).status).toBe(202);
    expect(server.job("a").state).toMatchObject({ status: "queued", attempt: 2 });
    expect((await fetch(`https://${base}/retry`, { method: "POST" })).status).toBe(409);
  });

  it("cuts, refuses and recovers", async () => {
    const first = await connect();
    expect(server.sockets).toBe(1);
    server.cut();
    expect(await first.closed).toMatchObject({ code: 1006, wasClean: false });
    expect(server.sockets).toBe(0);
    server.refuse();
    expect((await connect()).opened).toBe(false);
    await expect(fetch(`https://${base}`)).rejects.toThrow(TypeError);
    server.refuse(false);
    expect((await connect()).opened).toBe(true);
  });

  it("asks for a token when told which to accept", async () => {
    server.accept("good");
    expect((await (await connect("?token=bad")).closed).code).toBe(4401);
    expect((await fetch(`https://${base}`)).status).toBe(401);
    expect((await fetch(`https://${base}`, { headers: { Authorization: "Bearer good" } })).status).toBe(200);
    await connect("?token=good");
    expect(server.sockets).toBe(1);
  });

  it("keeps what clients send, and says whatever it is told to", async () => {
    const { socket, messages } = await connect();
    server.heartbeat();
    server.job("a").send({ type: "connected", sessionId: "a" });
    socket.send('{"type":"pong"}');
    socket.send("plain");
    expect(messages.map(({ type }) => type)).toEqual(["heartbeat", "connected"]);
    await vi.waitFor(() => expect(server.received).toEqual([{ type: "pong" }, "plain"]), 10_000);
    socket.close();
    await vi.waitFor(() => expect(server.sockets).toBe(0), 10_000);
  });

  it("leaves other addresses alone and puts the globals back", async () => {
    await expect(fetch("data:text/plain,hello").then((r) => r.text())).resolves.toBe("hello");
    server.dispose();
    expect(globalThis.WebSocket).toBe(before.WebSocket);
    expect(globalThis.fetch).toBe(before.fetch);
  });

  it("calls the page's own fetch as the page would: browsers refuse any other `this`", async () => {
    server.dispose();
    const native = vi.fn(function (this: unknown, _address: string) {
      if (this !== undefined && this !== globalThis) throw new TypeError("Illegal invocation");
      return Promise.resolve(new Response("theirs"));
    });
    vi.stubGlobal("fetch", native);
    server = createTestServer();
    expect(await (await fetch("https://elsewhere.test/")).text()).toBe("theirs");
    server.dispose();
  });

  it("of which there are several puts the globals back in whatever order they go", async () => {
    const other = createSocketIoServer();
    server.dispose();
    expect((await fetch(`${other.options.url}/socket.io/`)).status).toBe(400);
    other.dispose();
    expect(globalThis.WebSocket).toBe(before.WebSocket);
    expect(globalThis.fetch).toBe(before.fetch);
  });
});
