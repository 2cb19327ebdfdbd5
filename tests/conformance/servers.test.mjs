/** The conformance servers themselves, shown by the reference client: the same surface on both. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { Manager } from "socket.io-client";
import { KINDS, startServer } from "./support/servers.mjs";

/** @typedef {import("./support/servers.mjs").ConformanceServer} ConformanceServer */

/**
 * The arguments of a socket's next event of a name.
 * @param {import("socket.io-client").Socket} socket
 * @param {string} event
 * @returns {Promise<any[]>}
 */
const next = (socket, event) => new Promise((resolve) => socket.once(event, (...args) => resolve(args)));

for (const kind of KINDS) {
  describe(`the ${kind} server`, () => {
    /** @type {ConformanceServer} */
    let server;
    /** @type {Manager[]} */
    const managers = [];

    before(async () => {
      server = await startServer(kind);
    });
    afterEach(async () => {
      for (const manager of managers.splice(0)) manager["_close"]();
      await server.forget();
    });
    after(() => server.backend.kill());

    /** @param {object} [options] */
    function manage(options) {
      const manager = new Manager(server.url, { reconnection: false, ...options });
      managers.push(manager);
      return manager;
    }

    /** @param {string} namespace */
    async function connected(namespace, auth = {}) {
      const socket = manage({ transports: ["websocket"] }).socket(namespace, { auth });
      await next(socket, "connect");
      return socket;
    }

    for (const transports of [["polling"], ["websocket"], ["polling", "websocket"]]) {
      it(`serves ${transports.join(" and then ")}`, async () => {
        const manager = manage({ transports });
        const socket = manager.socket("/echo");
        await next(socket, "connect");
        assert.equal(await socket.emitWithAck("ask", 1, "two", { three: [3] }), 1);
        await server.until(({ connections }) => connections.join() === transports.at(-1));
      });
    }

    it("returns several arguments, none, and binary ones", async () => {
      const socket = await connected("/echo");
      socket.emit("echo");
      assert.deepEqual(await next(socket, "echo"), []);
      socket.emit("echo", 1, "two", { three: Buffer.from([3]) });
      assert.deepEqual(await next(socket, "echo"), [1, "two", { three: Buffer.from([3]) }]);
      assert.deepEqual(await socket.emitWithAck("ask", Buffer.from([0, 255])), Buffer.from([0, 255]));
      const { arrived } = await server.state();
      assert.deepEqual(arrived, [
        ["/echo", "echo"],
        ["/echo", "echo", 1, "two", { three: { base64: "Aw==" } }],
        ["/echo", "ask", { base64: "AP8=" }],
      ]);
    });

    it("asks for an acknowledgement, and says when none came", async () => {
      const socket = await connected("/");
      socket.once("question", (value, reply) => reply(value, "yes"));
      socket.emit("ask_me", 1000, 7);
      assert.deepEqual(await next(socket, "answered"), [7, "yes"]);
      socket.emit("ask_me", 20, 8);
      await next(socket, "unanswered");
    });

    it("never acknowledges what it should not", async () => {
      const socket = await connected("/");
      await assert.rejects(socket.timeout(100).emitWithAck("silent", 1), /timed out/);
      assert.equal(await socket.timeout(1000).emitWithAck("ask_slowly", 20), 20);
    });

    it("refuses: without a token, for good, and what does not exist", async () => {
      const refusal = async (/** @type {string} */ namespace, auth = {}) => {
        const socket = manage({ transports: ["websocket"] }).socket(namespace, { auth });
        return (await next(socket, "connect_error"))[0];
      };
      const unauthorized = await refusal("/auth", { token: "bad" });
      assert.deepEqual([unauthorized.message, unauthorized.data], ["unauthorized", { code: 401 }]);
      assert.equal((await refusal("/closed")).message, "not here");
      await refusal("/nope");
      await connected("/auth", { token: "good" });
      await server.settings({ tokens: ["better"] });
      await refusal("/auth", { token: "good" });
      await connected("/auth", { token: "better" });
      const { connects } = await server.state();
      assert.deepEqual(
        connects.map(({ namespace, auth }) => [namespace, auth.token]),
        [
          ["/auth", "good"],
          ["/auth", "better"],
        ],
      );
    });

    it("emits numbered bursts in order, asked by an event or by a test", async () => {
      const socket = await connected("/echo");
      const wanted = Array.from({ length: 100 }, (_, number) => number);
      /** @param {() => void} ask */
      const heard = async (ask) => {
        /** @type {number[]} */
        const numbers = [];
        const last = new Promise((resolve) =>
          socket.on("number", (number) => numbers.push(number) === wanted.length && resolve(undefined)),
        );
        ask();
        await last;
        socket.off("number");
        return numbers;
      };
      assert.deepEqual(await heard(() => socket.emit("burst", 100)), wanted);
      const toAll = { namespace: "/echo", event: "number", count: 100 };
      assert.deepEqual(await heard(() => void server.emit(toAll)), wanted);
    });

    it("disconnects a socket, a namespace and a connection when asked to", async () => {
      const sockets = [await connected("/"), await connected("/echo")];
      const [first, second] = sockets.map(async (socket) => (await next(socket, "disconnect"))[0]);
      sockets[0]?.emit("kick_me");
      assert.equal(await first, "io server disconnect");
      await server.kick("/echo");
      assert.equal(await second, "io server disconnect");
      await server.drop();
      await server.until(({ connections }) => connections.length === 0);
    });

    it("holds back handshakes and polls for as long as it is told", async () => {
      await server.settings({ handshakeDelay: 150, pollDelay: 100 });
      const begun = performance.now();
      const socket = manage({ transports: ["polling"] }).socket("/");
      await next(socket, "connect");
      assert.ok(performance.now() - begun >= 250);
    });

    it("comes back at the same address after it was killed", async () => {
      const { url } = server;
      await server.backend.restart();
      assert.equal(server.url, url);
      await connected("/");
    });
  });
}

describe("what one of them can do alone", () => {
  /** @type {ConformanceServer} */
  let server;
  /** @type {Manager} */
  let manager;
  afterEach(async () => {
    manager["_close"]();
    await server.backend.kill();
  });

  it("python with always_connect: lets a namespace in before it refuses it", async () => {
    server = await startServer("python", { ALWAYS_CONNECT: "1" });
    manager = new Manager(server.url, { transports: ["websocket"], reconnection: false });
    const socket = manager.socket("/closed");
    // The reference client takes the reason that comes with it for an error of the protocol.
    await Promise.all([next(socket, "connect"), next(socket, "disconnect")]);
  });

  it("node with recovery: keeps what a client missed", async () => {
    server = await startServer("node", { RECOVERY: "1" });
    manager = new Manager(server.url, { transports: ["websocket"], reconnectionDelay: 200 });
    const socket = manager.socket("/");
    await next(socket, "connect");
    const news = [next(socket, "news")];
    await server.emit({ event: "news", args: [1] });
    await news[0];
    news.push(next(socket, "news"));
    manager.engine.close();
    await server.until(({ disconnects }) => disconnects.length === 1);
    await server.emit({ event: "news", args: [2] });
    assert.equal((await news[1])?.[0], 2);
    assert.equal(socket.recovered, true);
  });
});
