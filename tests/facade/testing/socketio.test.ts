// @vitest-environment node
import { createRequire } from "node:module";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createSocketIoServer } from "../../../pkg-template/src/testing/index.js";
import type { SocketIoServer } from "../../../pkg-template/src/testing/index.js";

/** The reference client, as a browser runs it: with the WebSocket that is there. */
const load = () => {
  const require = createRequire(import.meta.url);
  const path = require.resolve("socket.io-client/dist/socket.io.js");
  Reflect.deleteProperty(require.cache, path);
  return require(path) as { Manager: new (url: string, options: object) => Reference };
};
interface Socket {
  connected: boolean;
  on(event: string, listener: (...args: never[]) => void): void;
  emit(event: string, ...args: unknown[]): void;
  emitWithAck(event: string, ...args: unknown[]): Promise<unknown>;
}
interface Reference {
  socket(namespace: string, options?: object): Socket;
  _close(): void;
}

let server: SocketIoServer;
let reference: Reference;
const before = { WebSocket: globalThis.WebSocket, fetch: globalThis.fetch };

beforeEach(() => {
  server = createSocketIoServer();
  const { url, transports } = server.options;
  reference = new (load().Manager)(url, { transports, reconnection: false });
});
afterEach(() => {
  reference._close();
  server.dispose();
});

const once = (socket: Socket, event: string) =>
  new Promise<unknown[]>((resolve) => socket.on(event, (...args) => resolve(args)));
async function connect(namespace = "/", auth: object = {}): Promise<Socket> {
  const socket = reference.socket(namespace, { auth });
  await once(socket, "connect");
  return socket;
}

describe("the Socket.IO server for tests", () => {
  it("lets the reference client into namespaces over one socket", async () => {
    await connect("/", { token: "t" });
    await connect("/jobs");
    expect(server.sockets).toBe(1);
    expect([server.members(), server.members("/jobs"), server.members("/x")]).toEqual([
      ["t"],
      [undefined],
      [],
    ]);
  });

  it("tells and hears events, with bytes in them", async () => {
    const socket = await connect("/jobs");
    const told = once(socket, "job_updated");
    server.emit("job_updated", [{ id: "a", bytes: Uint8Array.of(1, 2) }, 3], "/jobs");
    server.emit("job_updated", [], "/elsewhere");
    expect(await told).toEqual([{ id: "a", bytes: Uint8Array.of(1, 2).buffer }, 3]);
    socket.emit("hello", { bytes: Uint8Array.of(4).buffer }, "x");
    await vi.waitFor(() => expect(server.received).toHaveLength(1), 10_000);
    const { namespace, event, args } = server.received[0] ?? {};
    expect([namespace, event]).toEqual(["/jobs", "hello"]);
    expect(args?.[1]).toBe("x");
    expect([...new Uint8Array((args?.[0] as { bytes: ArrayBuffer }).bytes)]).toEqual([4]);
  });

  it("acknowledges with what a handler returns, and asks for acknowledgements", async () => {
    const socket = await connect();
    const stop = server.on("double", (n: number) => Promise.resolve(n * 2));
    server.on("nothing", () => {});
    expect(await socket.emitWithAck("double", 4)).toBe(8);
    expect(await socket.emitWithAck("nothing")).toBeUndefined();
    socket.on("ask", ((n: number, reply: (...args: unknown[]) => void) => reply(n + 1, "ok")) as never);
    expect(await server.request("ask", [1])).toEqual([2, "ok"]);
    stop();
  });

  it("refuses namespaces, and puts out who is in", async () => {
    await connect();
    server.refuse("/closed", "not here", { code: 7 });
    const refused = reference.socket("/closed");
    const [error] = (await once(refused, "connect_error")) as [Error & { data: unknown }];
    expect([error.message, error.data]).toEqual(["not here", { code: 7 }]);
    const inside = await connect("/jobs");
    const out = once(inside, "disconnect");
    server.refuse("/jobs", "no more");
    expect(await out).toContain("io server disconnect");
    expect(server.members("/jobs")).toEqual([]);
  });

  it("knows tokens", async () => {
    server.accept("good");
    await connect("/", { token: "good" });
    const unknown = reference.socket("/jobs", { auth: { token: "bad" } });
    expect(((await once(unknown, "connect_error")) as [Error])[0].message).toBe("unauthorized");
    expect([server.members(), server.members("/jobs")]).toEqual([["good"], []]);
  });

  it("looks at a token of the query too", async () => {
    server.accept("good");
    const socket = new WebSocket(
      "wss://socketio.jobwire.test/socket.io/?EIO=4&transport=websocket&token=good",
    );
    await new Promise((resolve) => (socket.onopen = resolve));
    const answered = new Promise((resolve) => (socket.onmessage = resolve));
    socket.send("40");
    await answered;
    expect(server.members()).toEqual(["good"]);
    socket.close();
  });

  it("hears and answers behind send(), in order, and what was said before close() too", async () => {
    const address = "wss://socketio.jobwire.test/socket.io/?EIO=4&transport=websocket";
    const socket = new WebSocket(address);
    await new Promise((resolve) => (socket.onopen = resolve));
    const told: string[] = [];
    const welcomed = new Promise<void>((resolve) => {
      socket.onmessage = ({ data }: MessageEvent<string>) => {
        if (data.startsWith("4")) told.push(data.slice(0, 10));
        if (told.length === 2) resolve();
      };
    });
    socket.send("40/jobs,");
    socket.send('42/jobs,7["ask"]');
    const bytes = Uint8Array.of(1);
    socket.send('451-/jobs,["file",{"_placeholder":true,"num":0}]');
    socket.send(bytes);
    bytes.fill(9);
    expect([told, server.members("/jobs"), server.received]).toEqual([[], [], []]);
    server.on("ask", () => "yes", "/jobs");
    await welcomed;
    expect(told).toEqual(['40/jobs,{"', "43/jobs,7["]);
    socket.send('42/jobs,["last"]');
    socket.close();
    await new Promise((resolve) => (socket.onclose = resolve));
    expect(server.received.map(({ event }) => event)).toEqual(["ask", "file", "last"]);
    expect(Uint8Array.from(server.received[1]?.args[0] as Uint8Array)).toEqual(Uint8Array.of(1));
  });

  it("says when a request has nobody to answer it, or nobody any more", async () => {
    await expect(server.request("ask", [], "/jobs")).rejects.toThrow('Nobody is in /jobs to answer "ask"');
    await connect();
    const unanswered = server.request("ask");
    server.dispose();
    await expect(unanswered).rejects.toThrow("disposed");
    await expect(server.request("ask")).rejects.toThrow("Nobody");
  });

  it("can be cut, go down and come back", async () => {
    const socket = await connect();
    const lost = once(socket, "disconnect");
    server.heartbeat();
    server.cut();
    expect(await lost).toContain("transport close");
    expect(server.sockets).toBe(0);
    server.down();
    const failed = new WebSocket("wss://socketio.jobwire.test/socket.io/?EIO=4&transport=websocket");
    await new Promise((resolve) => (failed.onerror = resolve));
    expect((await fetch("https://socketio.jobwire.test/socket.io/?EIO=4&transport=polling")).status).toBe(
      503,
    );
  });

  it("puts the globals back", () => {
    server.dispose();
    expect(globalThis.WebSocket).toBe(before.WebSocket);
    expect(globalThis.fetch).toBe(before.fetch);
  });
});
