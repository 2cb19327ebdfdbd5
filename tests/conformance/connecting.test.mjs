/** Getting in: namespaces, authorisation, refusals, and being sent away. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { everywhere } from "./stage.mjs";

everywhere((setting) => {
  const { kind, open } = setting;

  it("joins its namespace over one WebSocket, and leaves nothing behind", async () => {
    const { server } = setting;
    const tab = await open(server);
    const { transport, everConnected } = await tab.status("/echo", "open");
    assert.deepEqual([transport, everConnected], ["websocket", true]);
    const { connects, connections } = await server.state();
    assert.deepEqual(connects, [{ namespace: "/echo", auth: {}, recovered: false }]);
    assert.deepEqual(connections, ["websocket"]);
    await tab.close();
    await server.until(({ connections }) => connections.length === 0);
  });

  it("joins three namespaces over one physical connection and keeps them apart", async () => {
    const { server } = setting;
    const relay = await setting.relay();
    const tab = await open(relay, { tokens: ["good"] });
    for (const namespace of ["/", "/auth"]) await tab.join(namespace);
    for (const namespace of ["/echo", "/", "/auth"]) await tab.status(namespace, "open");
    assert.deepEqual((await server.state()).connections, ["websocket"]);
    assert.equal(relay.handshakes, 1);
    for (const namespace of ["/auth", "/", "/echo"])
      await server.emit({ namespace, event: "news", args: [namespace] });
    await tab.got("/echo", "news");
    const { events } = await tab.heard();
    assert.deepEqual(
      events.filter(({ event }) => event === "news").map(({ at, payload }) => [at, payload]),
      ["/auth", "/", "/echo"].map((namespace) => [namespace, namespace]),
    );
    await tab.close();
  });

  it("leaves a namespace without disturbing the others, and can join it again", async () => {
    const { server } = setting;
    const tab = await open(server);
    await tab.join("/");
    await tab.status("/", "open");
    await tab.page.evaluate(() => window.at("/").close());
    await server.until(({ disconnects }) => disconnects.some(({ namespace }) => namespace === "/"));
    assert.deepEqual(await tab.request("/echo", "ask", 1), { result: 1 });
    await tab.join("/");
    await tab.status("/", "open");
    assert.deepEqual(await tab.request("/", "ask", 2), { result: 2 });
    const { connects, connections } = await server.state();
    assert.deepEqual(
      connects.map(({ namespace }) => namespace),
      ["/echo", "/", "/"],
    );
    assert.equal(connections.length, 1);
    await tab.close();
  });

  it("keeps a channel for its other users when one of them closes it", async () => {
    const { server } = setting;
    const tab = await open(server);
    await tab.join("/");
    await tab.status("/", "open");
    await tab.page.evaluate(() => window.client.channel("/").close());
    assert.deepEqual(await tab.request("/", "ask", 1), { result: 1 });
    assert.deepEqual((await server.state()).disconnects, []);
    await tab.close();
  });

  for (const transports of [["websocket"], ["polling"]]) {
    it(`shows its token over ${transports.join()} to the namespace and to nobody else`, async () => {
      const relay = await setting.relay();
      const tab = await open(relay, { namespace: "/auth", tokens: ["good"], transports });
      await tab.status("/auth", "open");
      const { connects } = await setting.server.state();
      assert.deepEqual(
        connects.map(({ auth }) => auth),
        [{ token: "good" }],
      );
      assert.ok(
        relay.urls.every((url) => !url.includes("good")),
        relay.urls.join(),
      );
      await tab.close();
    });
  }

  it("puts its token into the address where the server wants it there", async () => {
    const relay = await setting.relay();
    const tab = await open(relay, { tokens: ["good"], tokenIn: "query" });
    await tab.status("/echo", "open");
    assert.ok(relay.urls.every((url) => new URL(url, relay.url).searchParams.get("token") === "good"));
    assert.deepEqual((await setting.server.state()).connects[0]?.auth, {});
    await tab.close();
  });

  it("asks once for a fresh token when the server refuses one, and gets in with it", async () => {
    const tab = await open(setting.server, { namespace: "/auth", tokens: ["stale", "good"] });
    await tab.status("/auth", "open");
    const { tokens, statuses } = await tab.heard();
    assert.deepEqual(tokens, [
      { reason: "connect", given: "stale" },
      { reason: "refresh", given: "good" },
    ]);
    assert.ok(statuses["/auth"]?.every(({ state }) => state !== "failed"));
    await tab.close();
  });

  it("gives up for good when the fresh token is refused too, and says what the server said", async () => {
    const relay = await setting.relay();
    const tab = await open(relay, { namespace: "/auth", tokens: ["bad"] });
    const { error } = await tab.status("/auth", "failed");
    assert.deepEqual([error.code, error.retryable], ["auth", false]);
    assert.deepEqual(error.cause, { message: "unauthorized", data: { code: 401 } });
    assert.equal((await tab.heard()).tokens.length, 2);
    assert.equal(relay.packets("out").filter((packet) => packet.startsWith("40/auth")).length, 2);
    await tab.close();
  });

  for (const [namespace, message] of [
    ["/closed", "not here"],
    ["/nope", kind === "node" ? "Invalid namespace" : "Unable to connect"],
  ]) {
    it(`tells that ${namespace} is refused for good, and lives on in the others`, async () => {
      const { server } = setting;
      const tab = await open(server);
      await tab.join(namespace ?? "");
      const { error } = await tab.status(namespace ?? "", "failed");
      assert.deepEqual([error.code, error.retryable, error.cause.message], ["handshake", false, message]);
      assert.deepEqual(await tab.request("/echo", "ask", 1), { result: 1 });
      assert.deepEqual((await server.state()).connects.length, 1);
      await tab.close();
    });
  }

  it("resolves connect() when it is in, and rejects it with the reason when it is refused", async () => {
    const { server } = setting;
    const connect = () =>
      window.client.connect().then(
        () => window.client.connection.current.state,
        (/** @type {any} */ { code, message, retryable }) => ({ code, message, retryable }),
      );
    const tab = await open(server);
    assert.equal(await tab.page.evaluate(connect), "open");
    await tab.close();
    const refused = await open(server, { namespace: "/closed" });
    const { code, message, retryable } = await refused.page.evaluate(connect);
    assert.deepEqual([code, retryable], ["handshake", false]);
    assert.match(message, /not here/);
    await refused.close();
  });

  it("stays away from a namespace that sent it away, until it is asked to come back", async () => {
    const { server } = setting;
    const tab = await open(server);
    await tab.join("/");
    await tab.status("/", "open");
    await server.kick("/echo");
    const { error } = await tab.status("/echo", "failed");
    assert.equal(error.retryable, false);
    assert.deepEqual(await tab.request("/", "ask", 1), { result: 1 });
    assert.equal((await server.state()).connects.length, 2);
    await tab.page.evaluate(() => window.client.connect());
    await tab.status("/echo", "open");
    assert.deepEqual(await tab.request("/echo", "ask", 2), { result: 2 });
    await tab.close();
  });

  it("sends its subscription after every connect", async () => {
    const { server } = setting;
    const proxy = await setting.proxy();
    const tab = await open(proxy, { subscribe: { event: "watch", data: { all: true } } });
    await server.until(({ arrived }) => arrived.length === 1);
    proxy.cut();
    const { arrived } = await server.until((state) => state.arrived.length === 2);
    const subscription = ["/echo", "watch", { all: true }];
    assert.deepEqual(arrived, [subscription, subscription]);
    await tab.close();
  });

  it("tells a server of Socket.IO 2 by its answer, and leaves it alone", async () => {
    const relay = await setting.relay();
    relay.rule = ({ direction, data }) =>
      direction === "in" && String(data).startsWith("40/echo") ? "40/echo," : undefined;
    const tab = await open(relay, { transports: ["websocket"] });
    const { error, nextRetryAt } = await tab.status("/echo", "failed");
    assert.deepEqual([error.code, error.retryable, nextRetryAt], ["protocol", false, undefined]);
    assert.match(error.remedy, /Socket\.IO [34]/);
    assert.equal(relay.handshakes, 1);
    await tab.close();
  });

  it("lives on when the server says what is no Socket.IO, and tells of it", async () => {
    const { server } = setting;
    const relay = await setting.relay();
    const tab = await open(relay);
    await tab.status("/echo", "open");
    const nonsense = [
      "4",
      "42",
      "42/echo,",
      '42/echo,{"not":"a list"}',
      '42/echo,["cut off',
      "49/echo,[]",
      '453-/echo,["news"]',
    ];
    relay.rule = ({ direction, data }) =>
      direction === "in" && String(data).startsWith("42/echo") ? nonsense.shift() : undefined;
    await server.emit({ namespace: "/echo", event: "news", count: nonsense.length });
    assert.deepEqual(await tab.request("/echo", "ask", 1), { result: 1 });
    assert.deepEqual(await tab.payloads("/echo", "news"), []);
    assert.equal((await server.state()).connects.length, 1);
    assert.ok((await tab.payloads("/echo", "invalid")).length > 0);
    await tab.close();
  });

  it("does not connect where there is no Socket.IO, and says so", async () => {
    const tab = await open(setting.server, { path: "/elsewhere" });
    await tab.until(() => window.at("/echo").connection.current.error?.code === "protocol");
    const { statuses } = await tab.heard();
    const errors = statuses["/echo"]?.map(({ error }) => error).filter((error) => error?.code === "protocol");
    assert.match(errors?.[0].cause.message, /404/);
    await tab.close();
  });
});

describe("with always_connect", () => {
  everywhere(
    (setting) => {
      const { open } = setting;

      it("takes being put out with a reason for the refusal that it is", async () => {
        const { server } = setting;
        const tab = await open(server);
        await tab.join("/closed");
        const { error } = await tab.status("/closed", "failed");
        assert.deepEqual(
          [error.code, error.retryable, error.cause.message],
          ["handshake", false, "not here"],
        );
        assert.deepEqual(await tab.request("/echo", "ask", 1), { result: 1 });
        await tab.close();
      });

      it("asks for a fresh token when that is the reason", async () => {
        const tab = await open(setting.server, { namespace: "/auth", tokens: ["stale", "good"] });
        await tab.until(() => window.heard.tokens.length === 2);
        assert.deepEqual(await tab.request("/auth", "ask", 1), { result: 1 });
        assert.deepEqual(
          (await tab.heard()).tokens.map(({ reason }) => reason),
          ["connect", "refresh"],
        );
        await tab.close();
      });
    },
    { kinds: ["python"], env: { ALWAYS_CONNECT: "1" } },
  );
});
