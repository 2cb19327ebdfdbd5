/** How it travels: polling, WebSocket, the way from one to the other and back, limits of size, slow servers. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { WAIT_MS } from "../e2e/support/patience.mjs";
import { everywhere } from "./stage.mjs";

/** @param {number} count */
const numbersTo = (count) => Array.from({ length: count }, (_, number) => number);

const PACKETS_PYTHON_READS = 16;

/** Several packets in one body are a batch; one alone may be as large as it is. @param {string} body */
const packetsIn = (body) => body.split("\x1e");

everywhere((setting) => {
  const { kind, open } = setting;

  it("opens no WebSocket where polling alone is wanted", async () => {
    const relay = await setting.relay();
    const tab = await open(relay, { transports: ["polling"] });
    assert.equal((await tab.status("/echo", "open")).transport, "polling");
    assert.deepEqual(await tab.request("/echo", "ask", 1), { result: 1 });
    assert.ok(relay.urls.every((url) => url.includes("transport=polling")));
    await tab.close();
    await setting.server.until(({ connections }) => connections.length === 0);
  });

  it("makes no HTTP request where WebSocket alone is wanted", async () => {
    const relay = await setting.relay();
    const tab = await open(relay, { transports: ["websocket"] });
    assert.equal((await tab.status("/echo", "open")).transport, "websocket");
    assert.deepEqual(await tab.request("/echo", "ask", 1), { result: 1 });
    assert.ok(relay.urls.every((url) => url.includes("transport=websocket")));
    await tab.close();
  });

  it("goes from polling to WebSocket in the midst of traffic, and loses and doubles nothing", async () => {
    const { server } = setting;
    const relay = await setting.relay();
    relay.holdHandshakes();
    const tab = await open(relay, { transports: ["polling", "websocket"] });
    await tab.status("/echo", "open", "polling");
    const chunk = 25;
    const sent = tab.page.evaluate(async () => {
      let number = 0;
      while (number < 300 || window.at("/echo").connection.current.transport !== "websocket") {
        await window.sendNumbers("/echo", number, (number += 5));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      return number;
    });
    for (const start of numbersTo(20)) {
      if (start === 5) relay.releaseHandshakes();
      await server.emit({ namespace: "/echo", event: "tick", args: [start], count: chunk });
    }
    const total = await sent;
    await server.until(({ arrived }) => arrived.length >= total);
    assert.deepEqual(await server.firstArguments("number"), numbersTo(total));
    const ticks = await tab.got("/echo", "tick", 20 * chunk);
    assert.deepEqual(
      ticks.map(([start, number]) => start * chunk + number),
      numbersTo(20 * chunk),
    );
    assert.deepEqual((await server.state()).connections, ["websocket"]);
    assert.equal((await server.state()).connects.length, 1);
    await tab.close();
  });

  it("stays with polling where the server offers no upgrade", async () => {
    const server = await setting.special({ ALLOW_UPGRADES: "0" });
    const relay = await setting.relay(server);
    const tab = await open(relay, { transports: ["polling", "websocket"] });
    await tab.status("/echo", "open", "polling");
    for (const number of numbersTo(5)) {
      assert.deepEqual(await tab.request("/echo", "ask", number), { result: number });
    }
    assert.ok(relay.urls.every((url) => url.includes("transport=polling")));
    await tab.close();
  });

  it("comes in by polling where the server knows nothing else", async () => {
    const server = await setting.special({ TRANSPORTS: "polling" });
    const tab = await open(server);
    await tab.status("/echo", "open", "polling");
    assert.deepEqual(await tab.request("/echo", "ask", 1), { result: 1 });
    await tab.close();
  });

  it("comes in by WebSocket where the server knows nothing else", async () => {
    const server = await setting.special({ TRANSPORTS: "websocket" });
    const tab = await open(server, { transports: ["polling", "websocket"] });
    await tab.status("/echo", "open", "websocket");
    assert.deepEqual(await tab.request("/echo", "ask", 1), { result: 1 });
    await tab.close();
  });

  it("falls back to polling where WebSockets are blocked, and returns when they are not any more", async () => {
    const { server } = setting;
    const proxy = await setting.proxy();
    await proxy.mode("refuseUpgrade");
    const tab = await open(proxy);
    await tab.status("/echo", "open", "polling");
    assert.deepEqual(await tab.request("/echo", "ask", 1), { result: 1 });
    await proxy.mode("pass");
    // It tries again by itself every few seconds; at once when the browser tells of another network.
    await tab.page.evaluate(() => dispatchEvent(new Event("online")));
    await tab.status("/echo", "open", "websocket");
    assert.deepEqual(await tab.request("/echo", "ask", 2), { result: 2 });
    const { connects, connections } = await server.state();
    assert.deepEqual([connects.length, connections], [1, ["websocket"]]);
    await tab.close();
  });

  it("falls back to polling when WebSockets get blocked while it is open", async () => {
    const proxy = await setting.proxy();
    const tab = await open(proxy);
    await tab.status("/echo", "open", "websocket");
    await proxy.mode("refuseUpgrade");
    proxy.cut();
    await tab.status("/echo", "open", "polling");
    assert.deepEqual(await tab.request("/echo", "ask", 1), { result: 1 });
    await tab.close();
  });

  it("stays with polling where WebSockets open but carry nothing, and asks no faster than it should", async () => {
    const proxy = await setting.proxy();
    await proxy.mode("silent");
    const tab = await open(proxy, { transports: ["polling", "websocket"] });
    await tab.status("/echo", "open", "polling");
    for (const number of numbersTo(10)) assert.equal(await tab.answered("/echo", "ask", number), number);
    // python-socketio holds everything back meanwhile and answers each poll at once.
    const requests = proxy.counters.requests["/socket.io/"] ?? 0;
    assert.ok(requests < 150, `${requests} requests`);
    await tab.close();
  });

  it("leaves nothing behind when it is closed in the midst of an upgrade", async () => {
    const relay = await setting.relay();
    relay.holdHandshakes();
    const tab = await open(relay, { transports: ["polling", "websocket"] });
    await tab.status("/echo", "open", "polling");
    await tab.close();
    relay.releaseHandshakes();
    await setting.server.until(({ connections }) => connections.length === 0);
  });

  it("goes on over polling when the server restarts and knows the session no more", async () => {
    const { server } = setting;
    const tab = await open(server, { transports: ["polling"] });
    await tab.status("/echo", "open");
    await server.backend.restart();
    await server.until(({ connects }) => connects.length === 1);
    assert.deepEqual(await tab.request("/echo", "ask", 1), { result: 1 });
    await tab.close();
  });

  it("has one poll and one post under way, and never more packets in a post than the server reads", async () => {
    const { server } = setting;
    await server.settings({ pollDelay: 30 });
    const relay = await setting.relay();
    const tab = await open(relay, { transports: ["polling"] });
    await tab.status("/echo", "open");
    const { sent = 0, queued = 0 } = await tab.sendNumbers("/echo", 0, 100);
    assert.equal(sent + queued, 100);
    await server.until(({ arrived }) => arrived.length >= 100);
    assert.deepEqual(await server.firstArguments("number"), numbersTo(100));
    assert.deepEqual(relay.mostAtOnce, { GET: 1, POST: 1 });
    assert.ok(Math.max(...relay.posts.map((body) => packetsIn(body).length)) <= PACKETS_PYTHON_READS);
    await tab.close();
  });

  it("cuts what waited into posts that the server's limit of size allows", async () => {
    const limit = 1500;
    const server = await setting.special({ MAX_PAYLOAD: String(limit) });
    const relay = await setting.relay(server);
    const tab = await open(relay, { transports: ["polling"] });
    await tab.status("/echo", "open");
    const outcomes = await tab.page.evaluate(() =>
      // Characters of several bytes: the limit counts bytes.
      Promise.all(
        Array.from({ length: 40 }, (_, n) => window.send("/echo", "long", `${n} ${"€".repeat(100)}`)),
      ),
    );
    assert.ok(outcomes.every(({ error }) => !error));
    const { arrived } = await server.until((state) => state.arrived.length >= 40);
    assert.deepEqual(
      arrived.map(([, , text]) => parseInt(text)),
      numbersTo(40),
    );
    const sizes = relay.posts.map((body) => Buffer.byteLength(body));
    assert.ok(Math.max(...sizes) <= limit, sizes.join());
    await tab.close();
  });

  for (const transports of [["polling"], ["websocket"]]) {
    it(`refuses over ${transports.join()} what is above the server's limit of size, and stays connected`, async () => {
      const server = await setting.special({ MAX_PAYLOAD: "2000" });
      const tab = await open(server, { transports });
      await tab.status("/echo", "open");
      const { error } = await tab.send("/echo", "long", "x".repeat(3000));
      assert.deepEqual([error?.code, error?.retryable], ["validation", false]);
      const binary = await tab.page.evaluate(() => window.send("/echo", "long", new Uint8Array(3000)));
      assert.equal(binary.error?.code, "validation");
      assert.deepEqual(await tab.request("/echo", "ask", 1), { result: 1 });
      assert.equal((await server.state()).connects.length, 1);
      await tab.close();
    });
  }

  for (const transports of [["polling"], ["websocket"]]) {
    it(`waits over ${transports.join()} for a server that is slow to answer a handshake`, async () => {
      const { server } = setting;
      await server.settings({ handshakeDelay: 400 });
      const tab = await open(server, { transports, heartbeat: { timeout: 10_000 } });
      await tab.status("/echo", "open");
      const { statuses } = await tab.heard();
      assert.ok(statuses["/echo"]?.every(({ attempt }) => attempt === 0));
      await tab.close();
    });
  }

  it("gives a handshake up that lasts too long, and comes in when the server is quick again", async () => {
    const { server } = setting;
    await server.settings({ handshakeDelay: 3000 });
    const tab = await open(server, { transports: ["websocket"], heartbeat: { timeout: 200 } });
    await tab.until(() => window.at("/echo").connection.current.attempt > 0);
    await server.settings({ handshakeDelay: 0 });
    await tab.status("/echo", "open");
    await tab.close();
  });

  it("is content with a server whose polls are slow", async () => {
    const { server } = setting;
    await server.settings({ pollDelay: 300 });
    const tab = await open(server, { transports: ["polling"] });
    assert.deepEqual(await tab.request("/echo", "ask", 1), { result: 1 });
    await server.emit({ namespace: "/echo", event: "number", count: 50 });
    assert.deepEqual(await tab.got("/echo", "number", 50), numbersTo(50));
    assert.equal((await server.state()).connects.length, 1);
    await tab.close();
  });

  for (const transports of [["polling"], ["websocket"]]) {
    it(`answers heartbeats over ${transports.join()}, so that the server keeps it`, async () => {
      const server = await setting.special({ PING_INTERVAL_MS: "100", PING_TIMEOUT_MS: "10000" });
      const relay = await setting.relay(server);
      const tab = await open(relay, { transports });
      await tab.status("/echo", "open");
      await tab.until(() => window.at("/echo").connection.current.lastMessageAt);
      const deadline = performance.now() + WAIT_MS;
      while (relay.packets("out").filter((packet) => packet === "3").length < 5) {
        assert.ok(performance.now() < deadline, "no five heartbeats");
        await server.state();
      }
      assert.equal((await server.state()).connects.length, 1);
      await tab.close();
    });
  }

  it("notices a WebSocket that carries nothing any more, and replaces it", async () => {
    const server = await setting.special({ PING_INTERVAL_MS: "1000", PING_TIMEOUT_MS: "300" });
    const proxy = await setting.proxy(server);
    const tab = await open(proxy, { transports: ["websocket"] });
    await tab.status("/echo", "open");
    await proxy.mode("silent");
    await tab.until(() => window.at("/echo").connection.current.state !== "open");
    await proxy.mode("pass");
    await server.until(({ connects }) => connects.length >= 2);
    assert.deepEqual(await tab.request("/echo", "ask", 1), { result: 1 });
    await tab.close();
  });

  it("takes the server's goodbye for one, and comes back", async () => {
    // Python says it in words and leaves the WebSocket open.
    const server = await setting.special({ PING_INTERVAL_MS: "20000", PING_TIMEOUT_MS: "20000" });
    const tab = await open(server);
    await tab.status("/echo", "open");
    await server.drop();
    await server.until(({ connects }) => connects.length === 2);
    assert.deepEqual(await tab.request("/echo", "ask", kind), { result: kind });
    await tab.close();
  });
});
