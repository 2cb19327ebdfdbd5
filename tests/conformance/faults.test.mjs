/**
 * Faults that users of the reference client report, and this one must not have. Numbers are issues of
 * socketio/socket.io. That every tab has a connection of its own (#5095) is a matter of tests/e2e/tabs.test.mjs.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { everywhere } from "./stage.mjs";

/** Servers whose heartbeats are so rare that none of them finds a dead connection. */
const RARE_PINGS = { PING_INTERVAL_MS: "25000", PING_TIMEOUT_MS: "20000" };

/** python-socketio announces the interval in whole seconds, rounded down. */
const QUICK_PINGS = { PING_INTERVAL_MS: "1000", PING_TIMEOUT_MS: "300" };

/** @typedef {import("./support/relay.mjs").Link} Link */

/** What is passing still arrives, and nothing after it. @param {Link} link @returns {undefined} */
function silence(link) {
  link.dead = true;
}

/** The same, and both ends see it. @param {Link} link @returns {undefined} */
function cutSoon(link) {
  setImmediate(() => link.cut());
}

everywhere((setting) => {
  const { browser, open } = setting;

  it("does not send into a dead link after a sleep (#5135)", async () => {
    const server = await setting.special(QUICK_PINGS);
    const relay = await setting.relay(server);
    const tab = await open(relay, { transports: ["websocket"] });
    await tab.status("/echo", "open");
    // The page sleeps: no timer, no message. One more heartbeat gets as far as the browser, then the link is dead.
    const asleep = tab.page.evaluate(async () => {
      const end = performance.now() + 1500;
      while (performance.now() < end);
      window.send("/echo", "number", 1);
    });
    relay.rule = ({ direction, data, link }) => {
      if (direction !== "in" || data !== "2") return undefined;
      relay.rule = undefined;
      return silence(link);
    };
    await asleep;
    await server.until(({ arrived }) => arrived.length === 1);
    assert.equal(relay.rule, undefined, "the link did go dead");
    assert.deepEqual(await server.firstArguments("number"), [1]);
    await tab.close();
  });

  it("never sends a request whose time was up while it waited (#4318)", async () => {
    const { server } = setting;
    const proxy = await setting.proxy();
    const tab = await open(proxy);
    await tab.status("/echo", "open");
    await proxy.mode("down");
    await tab.until(() => window.at("/echo").connection.current.state !== "open");
    const { error } = await tab.request("/echo", "ask", "late", { timeout: 50 });
    assert.deepEqual([error?.code, error?.retryable], ["timeout", true]);
    await proxy.reset();
    assert.deepEqual(await tab.request("/echo", "ask", "in time"), { result: "in time" });
    assert.deepEqual(await server.firstArguments("ask"), ["in time"]);
    await tab.close();
  });

  it("lets a handler run once for a request, whether its answer is late or lost (#5334)", async () => {
    const { server } = setting;
    const proxy = await setting.proxy();
    const tab = await open(proxy);
    await tab.status("/echo", "open");
    const late = await tab.request("/echo", "ask_slowly", 1500, { timeout: 50 });
    assert.equal(late.error?.code, "timeout");
    const lost = tab.request("/echo", "ask_slowly", 10_000);
    await server.until(({ arrived }) => arrived.length === 2);
    proxy.cut();
    assert.equal((await lost).error?.code, "network");
    await tab.status("/echo", "open");
    assert.deepEqual(await tab.request("/echo", "ask_slowly", 300), { result: 300 });
    assert.deepEqual(await server.firstArguments("ask_slowly"), [1500, 10_000, 300]);
    await tab.close();
  });

  for (const { how, befalls, env } of [
    { how: "is never answered", befalls: () => null, env: RARE_PINGS },
    { how: "is cut", befalls: cutSoon, env: RARE_PINGS },
    // Where neither side gets a word through, heartbeats alone can tell.
    { how: "falls silent", befalls: silence, env: QUICK_PINGS },
  ]) {
    it(`goes on within seconds when the WebSocket of an upgrade ${how} (probe without time limit)`, async () => {
      const server = await setting.special(env);
      const relay = await setting.relay(server);
      relay.rule = ({ data, link }) => {
        if (data !== "3probe") return undefined;
        relay.rule = undefined;
        return befalls(link);
      };
      const tab = await open(relay, { transports: ["polling", "websocket"] });
      await tab.status("/echo", "open");
      // The upgrade begins when polling is open; it befalls the first packet there.
      await server.until(() => relay.rule === undefined);
      const begun = performance.now();
      const answer = await tab.page.evaluate(async () => {
        for (;;) {
          const { result } = await window.request("/echo", "ask", 1, { timeout: 500 });
          if (result === 1) return result;
        }
      });
      assert.equal(answer, 1);
      assert.ok(performance.now() - begun < 20_000);
      await tab.close();
    });
  }

  it("spreads its attempts even at the longest delay (jitter removed at the cap)", async () => {
    const proxy = await setting.proxy();
    await proxy.mode("down");
    // Not by WebSocket: Firefox has a growing delay of its own before it opens another one.
    const reconnect = { attempts: 100, baseDelay: 150, maxDelay: 150 };
    const tab = await open(proxy, { reconnect, transports: ["polling"] });
    await tab.until(() => window.at("/echo").connection.current.attempt >= 14);
    const { statuses } = await tab.heard();
    // Delays as the client plans them: how long an attempt itself takes is not in them.
    const delays = (statuses["/echo"] ?? [])
      .filter(({ nextRetryAt }) => nextRetryAt)
      .map(({ nextRetryAt, seenAt }) => nextRetryAt - seenAt);
    assert.ok(Math.max(...delays) - Math.min(...delays) > 40, delays.join());
    await tab.close();
  });

  it("asks for a token before every connect, and never shows an old one (#1409)", async () => {
    const { server } = setting;
    const proxy = await setting.proxy();
    await server.settings({ tokens: ["one"] });
    const tab = await open(proxy, { namespace: "/auth", tokens: ["one", "two", "three"] });
    await tab.status("/auth", "open");
    for (const [count, token] of /** @type {const} */ ([
      [2, "two"],
      [3, "three"],
    ])) {
      await server.settings({ tokens: [token] });
      proxy.cut();
      await server.until(({ connects }) => connects.length === count);
    }
    const { connects } = await server.state();
    assert.deepEqual(
      connects.map(({ auth }) => auth.token),
      ["one", "two", "three"],
    );
    assert.ok((await tab.heard()).tokens.every(({ reason }) => reason === "connect"));
    await tab.close();
  });

  it("tells an error that passes from one that does not (#4567)", async () => {
    const { server } = setting;
    const proxy = await setting.proxy();
    await proxy.mode("down");
    const tab = await open(proxy, { namespace: "/closed" });
    const passing = await tab.status("/closed", "waiting");
    assert.deepEqual([passing.error.code, passing.error.retryable], ["network", true]);
    await proxy.reset();
    const final = await tab.status("/closed", "failed");
    assert.deepEqual([final.error.code, final.error.retryable], ["handshake", false]);
    assert.equal(final.error.cause.message, "not here");
    assert.equal(final.nextRetryAt, undefined);
    assert.deepEqual((await server.state()).connects, []);
    await tab.close();
  });

  it("falls back to polling from a WebSocket whose handshake is never answered (#5122)", async () => {
    const relay = await setting.relay();
    relay.holdHandshakes();
    const tab = await open(relay, { transports: ["websocket", "polling"], heartbeat: { timeout: 300 } });
    await tab.status("/echo", "open", "polling");
    assert.deepEqual(await tab.request("/echo", "ask", 1), { result: 1 });
    await tab.close();
  });

  it("does not deliver what is not of the event's type, and says what is wrong with it (#5512)", async () => {
    const { server } = setting;
    const tab = await open(server);
    await tab.status("/echo", "open");
    const right = { id: "7", status: "processing", progress: 50 };
    for (const args of [["not a job"], [{ id: {}, status: "processing" }], [], [right]]) {
      await server.emit({ namespace: "/echo", event: "job_updated", args });
    }
    const delivered = await tab.got("/echo", "job_updated");
    assert.deepEqual(
      delivered.map(({ id }) => id),
      ["7"],
    );
    const invalid = await tab.payloads("/echo", "invalid");
    assert.deepEqual(
      invalid.map(({ event }) => event),
      ["job_updated", "job_updated", "job_updated"],
    );
    assert.ok(invalid.every(({ reason }) => typeof reason === "string" && reason.length > 0));
    const audit = await tab.page.evaluate(() => window.client.audit());
    const row = audit.find((/** @type {any} */ one) => one.event === "job_updated");
    assert.deepEqual([row.received, row.invalid], [4, 3]);
    await tab.close();
  });

  it("calls a listener once an event, however often it reconnected (#2529)", async () => {
    const { server } = setting;
    const proxy = await setting.proxy();
    const tab = await open(proxy);
    await tab.page.evaluate(() => {
      window.at("/echo").on("news", (/** @type {any} */ payload) => window.heard.replies.push(payload));
    });
    for (const round of [1, 2, 3]) {
      await server.until(({ connects }) => connects.length === round);
      await tab.status("/echo", "open");
      await server.emit({ namespace: "/echo", event: "news", args: [`${round}`] });
      await tab.got("/echo", "news", round);
      proxy.cut();
    }
    const { replies, events } = await tab.heard();
    assert.deepEqual(replies, ["1", "2", "3"]);
    assert.equal(events.filter(({ event }) => event === "news").length, 3);
    await tab.close();
  });

  // Firefox keeps no page with an open connection there: it gets the events alone.
  it("lets its connection go in the back/forward cache, and has a new one on return (#5232)", async () => {
    const { server } = setting;
    const tab = await open(server);
    await tab.status("/echo", "open");
    if (browser === "chromium") await tab.page.goto(new URL("/client.js", tab.page.url()).href);
    else
      await tab.page.evaluate(() => dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true })));
    await server.until(({ connections }) => connections.length === 0);
    // Not by page.goBack(): it awaits the page's load, which does not happen again.
    if (browser === "chromium") await tab.page.evaluate(() => void setTimeout(() => history.back()));
    else
      await tab.page.evaluate(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
    await tab.status("/echo", "open");
    assert.deepEqual(await tab.request("/echo", "ask", 1), { result: 1 });
    assert.equal((await server.state()).connects.length, 2);
    const { statuses } = await tab.heard();
    assert.ok(
      statuses["/echo"]?.some(({ state }) => state === "suspended"),
      "the page was not kept in the cache",
    );
    await tab.close();
  });
});

describe("with connection state recovery", () => {
  everywhere(
    (setting) => {
      const { open } = setting;

      it("recovers although a volatile event ended in a text (corrupt offset)", async () => {
        const { server } = setting;
        const proxy = await setting.proxy();
        const tab = await open(proxy);
        await tab.status("/echo", "open");
        await server.emit({ namespace: "/echo", event: "news", args: [1] });
        await server.emit({ namespace: "/echo", event: "tick", args: [1, "last words"], volatile: true });
        await tab.got("/echo", "tick");
        const { events } = await tab.heard();
        assert.deepEqual(events.find(({ event }) => event === "tick")?.args, [1, "last words"]);
        await proxy.mode("down");
        await server.until(({ disconnects }) => disconnects.length === 1);
        await server.emit({ namespace: "/echo", event: "news", args: [2] });
        await proxy.reset();
        const { connects } = await server.until((state) => state.connects.length === 2);
        assert.equal(connects[1]?.recovered, true);
        assert.deepEqual(await tab.got("/echo", "news", 2), [1, 2]);
        await tab.close();
      });

      it("comes back sound although no event had come before (recovery that fails in silence)", async () => {
        const { server } = setting;
        const proxy = await setting.proxy();
        const tab = await open(proxy, { subscribe: "watch" });
        await tab.status("/echo", "open");
        await proxy.mode("down");
        await server.until(({ disconnects }) => disconnects.length === 1);
        await proxy.reset();
        await server.until(({ arrived }) => arrived.length === 2);
        await server.emit({ namespace: "/echo", event: "news", args: [1] });
        assert.deepEqual(await tab.got("/echo", "news"), [1]);
        await tab.got("/echo", "reconnected");
        await tab.close();
      });
    },
    { kinds: ["node"], env: { RECOVERY: "1" } },
  );
});

// No server has a part in it but by coming back.
describe("while it is offline", () => {
  everywhere(
    (setting) => {
      const { open } = setting;

      it("keeps 200,000 messages sent offline within its bounds, and refuses the rest (unbounded send buffer)", async () => {
        const { server } = setting;
        const tab = await open(server);
        await tab.status("/echo", "open");
        await server.backend.kill();
        await tab.until(() => window.at("/echo").connection.current.state !== "open");
        const outcomes = await tab.sendNumbers("/echo", 0, 200_000);
        assert.deepEqual(outcomes, { queued: 1000, "queue-full": 199_000 });
        const { queues } = await tab.inspect();
        assert.ok(queues.outgoing <= 1000, JSON.stringify(queues));
        await server.backend.start();
        await server.until(({ arrived }) => arrived.length >= 1000);
        const first = await server.firstArguments("number");
        assert.deepEqual(
          first,
          Array.from({ length: 1000 }, (_, number) => number),
        );
        await tab.close();
      });
    },
    { kinds: ["node"] },
  );
});
