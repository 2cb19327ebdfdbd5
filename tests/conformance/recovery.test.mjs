/** What happens when the connection is lost: to the state, to what waits, and to what was missed. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { everywhere } from "./stage.mjs";

/** How long a message has to arrive before the next one is sent, ms. */
const NEXT_MS = 500;

/** @param {number} count */
const numbersTo = (count) => Array.from({ length: count }, (_, number) => number);

describe("reconnecting", () => {
  everywhere((setting) => {
    const { open } = setting;

    it("comes back after the server was killed and restarted, with all namespaces and what waited", async () => {
      const { server } = setting;
      const tab = await open(server, { subscribe: "watch" });
      await tab.join("/");
      await tab.status("/", "open");
      await server.backend.kill();
      await tab.until(() => window.at("/echo").connection.current.state !== "open");
      assert.deepEqual(await tab.sendNumbers("/echo", 0, 20), { queued: 20 });
      assert.deepEqual(await tab.sendNumbers("/", 20, 30), { queued: 10 });
      await server.backend.start();
      await tab.status("/echo", "open");
      await tab.status("/", "open");
      const { arrived, connections } = await server.until((state) => state.arrived.length >= 31);
      const at = (/** @type {string} */ namespace) => arrived.filter(([name]) => name === namespace);
      assert.deepEqual(
        at("/echo").map(([, event, number]) => [event, number]),
        [["watch", undefined], ...numbersTo(20).map((number) => ["number", number])],
      );
      assert.deepEqual(
        at("/").map(([, , number]) => number),
        numbersTo(30).slice(20),
      );
      assert.equal(connections.length, 1);
      await server.emit({ namespace: "/", event: "news", args: [1] });
      assert.deepEqual(await tab.got("/", "news"), [1]);
      await tab.close();
    });

    it("says that it reconnected, once, to who listens for that", async () => {
      const proxy = await setting.proxy();
      const tab = await open(proxy);
      await tab.status("/echo", "open");
      proxy.cut();
      await tab.got("/echo", "reconnected");
      assert.equal((await tab.payloads("/echo", "reconnected")).length, 1);
      await tab.close();
    });

    for (const transports of [["websocket"], ["polling"]]) {
      it(`delivers over ${transports.join()} at most once and in order when the connection breaks again and again`, async () => {
        const { server } = setting;
        const proxy = await setting.proxy();
        const tab = await open(proxy, { transports, reconnect: { baseDelay: 20, maxDelay: 50 } });
        await tab.status("/echo", "open");
        const batches = 6;
        for (const batch of numbersTo(batches)) {
          await tab.sendNumbers("/echo", batch * 50, (batch + 1) * 50);
          proxy.cut();
        }
        // What goes out before the client notices the last break is lost: one of those that follow arrives.
        const first = batches * 50;
        const arrival = server
          .until(({ arrived }) => arrived.some(([, , number]) => number >= first))
          .then(() => true);
        let number = first;
        do {
          await tab.sendNumbers("/echo", number, ++number);
        } while (!(await Promise.race([arrival, delay(NEXT_MS, false)])));
        const numbers = await server.firstArguments("number");
        assert.deepEqual(
          numbers,
          [...new Set(numbers)].sort((one, other) => one - other),
        );
        await tab.close();
      });
    }

    it("tells a request whose answer was lost with the connection", async () => {
      const { server } = setting;
      const proxy = await setting.proxy();
      const tab = await open(proxy);
      await tab.status("/echo", "open");
      const asked = tab.request("/echo", "silent", 1);
      await server.until(({ arrived }) => arrived.length === 1);
      proxy.cut();
      const { error } = await asked;
      assert.deepEqual([error?.code, error?.retryable], ["network", true]);
      await tab.status("/echo", "open");
      // It may have been carried out: it is not asked again.
      assert.deepEqual(await tab.request("/echo", "ask", 2), { result: 2 });
      assert.deepEqual(await server.firstArguments("silent"), [1]);
      await tab.close();
    });

    it("drops a volatile message while it is offline, and sends it when it is not", async () => {
      const { server } = setting;
      const proxy = await setting.proxy();
      const tab = await open(proxy);
      await tab.status("/echo", "open");
      assert.deepEqual(await tab.send("/echo", "volatile", 1, { volatile: true }), { result: "sent" });
      await server.until(({ arrived }) => arrived.length === 1);
      await proxy.mode("down");
      await tab.until(() => window.at("/echo").connection.current.state !== "open");
      assert.deepEqual(await tab.send("/echo", "volatile", 2, { volatile: true }), { result: "dropped" });
      assert.deepEqual(await tab.send("/echo", "patient", 3), { result: "queued" });
      await proxy.reset();
      await server.until(({ arrived }) => arrived.some(([, event]) => event === "patient"));
      assert.deepEqual(await server.firstArguments("volatile"), [1]);
      await tab.close();
    });

    it("keeps the last of the messages that supersede each other while it is offline", async () => {
      const { server } = setting;
      const proxy = await setting.proxy();
      const tab = await open(proxy);
      await tab.status("/echo", "open");
      await proxy.mode("down");
      await tab.until(() => window.at("/echo").connection.current.state !== "open");
      for (const number of numbersTo(5)) {
        await tab.page.evaluate((n) => void window.send("/echo", "volume", n, { supersede: "v" }), number);
      }
      await proxy.reset();
      await server.until(({ arrived }) => arrived.length >= 1);
      assert.deepEqual(await tab.request("/echo", "ask", 1), { result: 1 });
      assert.deepEqual(await server.firstArguments("volume"), [4]);
      await tab.close();
    });

    it("does not come back after disconnect(), and does after connect()", async () => {
      const { server } = setting;
      const tab = await open(server);
      await tab.status("/echo", "open");
      await tab.page.evaluate(() => window.client.disconnect());
      await server.until(({ connections }) => connections.length === 0);
      await tab.status("/echo", "idle");
      await tab.page.evaluate(() => window.client.connect());
      assert.deepEqual(await tab.request("/echo", "ask", 1), { result: 1 });
      assert.equal((await server.state()).connects.length, 2);
      await tab.close();
    });
  });
});

describe("connection state recovery", () => {
  everywhere(
    (setting) => {
      const { open } = setting;

      /** Loses the connection, for as long as something is done. @param {any} proxy @param {() => Promise<unknown>} meanwhile */
      async function offline(proxy, meanwhile) {
        const { server } = setting;
        const { length } = (await server.state()).disconnects;
        await proxy.mode("down");
        await server.until(({ disconnects }) => disconnects.length > length);
        await meanwhile();
        await proxy.reset();
      }

      for (const transports of [["websocket"], ["polling"]]) {
        it(`gets over ${transports.join()} what it missed, once, in order and before what is new`, async () => {
          const { server } = setting;
          const proxy = await setting.proxy();
          const tab = await open(proxy, { transports });
          await tab.status("/echo", "open");
          await server.emit({ namespace: "/echo", event: "number", count: 10 });
          await tab.got("/echo", "number", 10);
          for (const round of [1, 2]) {
            await offline(proxy, () =>
              server.emit({ namespace: "/echo", event: "missed", args: [round], count: 5 }),
            );
            await server.until(({ connects }) => connects.length === round + 1);
            await server.emit({ namespace: "/echo", event: "missed", args: [round], count: 1 });
          }
          const missed = await tab.got("/echo", "missed", 12);
          assert.deepEqual(
            missed,
            [1, 2].flatMap((round) => [0, 1, 2, 3, 4, 0].map((number) => [round, number])),
          );
          const { connects } = await server.state();
          assert.deepEqual(
            connects.map(({ recovered }) => recovered),
            [false, true, true],
          );
          const { events } = await tab.heard();
          const args = events.filter(({ event }) => event === "number").map((one) => one.args);
          assert.deepEqual(
            args,
            numbersTo(10).map((number) => [number]),
          );
          await tab.close();
        });
      }

      it("shows listeners the arguments that the server gave, without the offset", async () => {
        const { server } = setting;
        const tab = await open(server);
        await tab.status("/echo", "open");
        for (const args of [[], ["text"], ["one", "two"], [{ a: 1 }]]) {
          await server.emit({ namespace: "/echo", event: "news", args });
        }
        await tab.got("/echo", "news", 4);
        const { events } = await tab.heard();
        assert.deepEqual(
          events.map(({ args }) => args),
          [[], ["text"], ["one", "two"], [{ a: 1 }]],
        );
        await tab.close();
      });

      it("begins anew, with its subscription, where the server has forgotten the session", async () => {
        const { server } = setting;
        const proxy = await setting.proxy();
        const tab = await open(proxy, { subscribe: "watch" });
        await tab.status("/echo", "open");
        await server.emit({ namespace: "/echo", event: "news", args: [1] });
        await tab.got("/echo", "news");
        await server.backend.restart();
        const { connects } = await server.until(({ arrived }) => arrived.length === 1);
        assert.deepEqual(
          connects.map(({ recovered }) => recovered),
          [false],
        );
        await server.emit({ namespace: "/echo", event: "news", args: [2] });
        assert.deepEqual(await tab.got("/echo", "news", 2), [1, 2]);
        await tab.close();
      });
    },
    { kinds: ["node"], env: { RECOVERY: "1" } },
  );
});
