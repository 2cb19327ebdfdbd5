// @vitest-environment node
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createBroadcastServer } from "../../../pkg-template/src/testing/index.js";
import type { BroadcastServer } from "../../../pkg-template/src/testing/index.js";

const base = "broadcast.jobwire.test";

let server: BroadcastServer;
const before = { WebSocket: globalThis.WebSocket, fetch: globalThis.fetch };

beforeEach(() => (server = createBroadcastServer()));
afterEach(() => server.dispose());

async function connect(more = "/") {
  const socket = new WebSocket(`wss://${base}${more}`);
  const messages: unknown[] = [];
  const texts: string[] = [];
  socket.onmessage = ({ data }) => {
    texts.push(String(data));
    if (data !== "{broken") messages.push(JSON.parse(String(data)));
  };
  const closed = new Promise<CloseEvent>((resolve) => (socket.onclose = resolve));
  const opened = await new Promise<boolean>((resolve) => {
    socket.onopen = () => resolve(true);
    socket.onerror = () => resolve(false);
  });
  return { socket, messages, texts, closed, opened };
}
const read = (id: string, headers: HeadersInit = {}) => fetch(`https://${base}/jobs/${id}`, { headers });

describe("the broadcast server for tests", () => {
  it("tells every socket of a job, and whoever reads it", async () => {
    const [first, second] = [await connect(), await connect("/ws")];
    expect(server.sockets).toBe(2);
    const job = server.job("7");
    expect(job.state).toEqual({ jobId: "7", status: "queued" });
    job.progress({ processed: 2, succeeded: 1, failed: 1, total: 4 }, { phase: "2" });
    const progress = { tracksProcessed: 2, tracksSucceeded: 1, tracksFailed: 1, total: 4 };
    const running = { jobId: "7", status: "running", progress, phase: "2" };
    expect(job.state).toEqual(running);
    job.track(41, "analyzed");
    job.fail("no disk");
    const timestamp = expect.any(String) as string;
    expect(first.messages).toEqual([
      { type: "job_status", data: { ...running, timestamp } },
      { type: "job_status", data: { jobId: "7", trackId: 41, status: "analyzed", timestamp } },
      { type: "job_status", data: { ...running, status: "failed", error: "no disk", timestamp } },
    ]);
    expect(second.messages).toEqual(first.messages);
    expect(await (await read("7")).json()).toMatchObject({ status: "failed", error: "no disk", progress });
    expect((await read("8")).status).toBe(404);
    server.job("8").complete("all of it");
    expect(await (await read("8")).json()).toMatchObject({ status: "completed", message: "all of it" });
    server.job("9").cancel();
    expect(await (await read("9")).json()).toMatchObject({ status: "cancelled" });
  });

  it("writes events in each of the three envelopes, and sends whatever it is told to", async () => {
    const { messages, texts } = await connect();
    server.emit("track_enriched", { trackId: 1 });
    server.emit("track_enriched", { trackId: 1 }, "event");
    server.emit("track_enriched", { trackId: 1 }, "flat");
    server.emit("batch_complete");
    server.send([{ type: "a" }, { type: "b" }]);
    server.send("{broken");
    expect(messages).toEqual([
      { type: "track_enriched", data: { trackId: 1 } },
      { event: "track_enriched", data: { trackId: 1 } },
      { trackId: 1, type: "track_enriched" },
      { type: "batch_complete", data: {} },
      [{ type: "a" }, { type: "b" }],
    ]);
    expect(texts.at(-1)).toBe("{broken");
  });

  it("cuts, closes, refuses and recovers", async () => {
    const first = await connect();
    server.cut();
    expect(await first.closed).toMatchObject({ code: 1006, wasClean: false });
    expect(server.sockets).toBe(0);
    const second = await connect();
    server.close(1012, "back soon");
    expect(await second.closed).toMatchObject({ code: 1012, reason: "back soon", wasClean: true });
    server.job("1");
    server.refuse();
    expect((await connect()).opened).toBe(false);
    await expect(read("1")).rejects.toThrow(TypeError);
    server.refuse(false);
    expect((await connect()).opened).toBe(true);
    expect((await read("1")).status).toBe(200);
  });

  it("asks for a token when told which to accept", async () => {
    server.job("1");
    server.accept("good");
    expect((await (await connect("/?token=bad")).closed).code).toBe(4401);
    expect((await read("1")).status).toBe(401);
    expect((await read("1", { authorization: "Bearer good" })).status).toBe(200);
    await connect("/?token=good");
    expect(server.sockets).toBe(1);
  });

  it("keeps what clients send, and puts the globals back", async () => {
    const { socket } = await connect();
    socket.send('{"type":"hello"}');
    socket.send("plain");
    await vi.waitFor(() => expect(server.received).toEqual([{ type: "hello" }, "plain"]), 10_000);
    socket.close();
    await vi.waitFor(() => expect(server.sockets).toBe(0), 10_000);
    server.dispose();
    expect(globalThis.WebSocket).toBe(before.WebSocket);
    expect(globalThis.fetch).toBe(before.fetch);
  });
});
