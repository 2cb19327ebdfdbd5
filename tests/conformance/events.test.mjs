/** What passes: arguments, acknowledgements, binary data, and the order of it all. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { everywhere } from "./stage.mjs";

/** @param {number} count */
const numbersTo = (count) => Array.from({ length: count }, (_, number) => number);

everywhere((setting) => {
  const { open } = setting;

  it("hands one argument over as the payload, none as undefined, several as a list", async () => {
    const { server } = setting;
    const tab = await open(server);
    await tab.status("/echo", "open");
    for (const data of [undefined, { a: [null, true, 1.5, 'ü😀 "\\\n\u2028'] }, [1, [2]]]) {
      assert.deepEqual(await tab.send("/echo", "echo", data), { result: "sent" });
    }
    await tab.send("/echo", "echo", ["one", { two: 2 }], { spread: true });
    await tab.got("/echo", "echo", 4);
    const { events } = await tab.heard();
    assert.deepEqual(
      events.map(({ payload, args }) => [payload, args]),
      [
        [undefined, []],
        [{ a: [null, true, 1.5, 'ü😀 "\\\n\u2028'] }, [{ a: [null, true, 1.5, 'ü😀 "\\\n\u2028'] }]],
        [[1, [2]], [[1, [2]]]],
        [
          ["one", { two: 2 }],
          ["one", { two: 2 }],
        ],
      ],
    );
    const { arrived } = await server.state();
    assert.deepEqual(arrived[3], ["/echo", "echo", "one", { two: 2 }]);
    await tab.close();
  });

  it("takes any name for an event, but those that Socket.IO keeps for itself", async () => {
    const { server } = setting;
    const tab = await open(server);
    await tab.status("/echo", "open");
    const names = ["/a,b", 'ü"\\', "job", "reconnected", "__proto__"];
    for (const name of names) {
      assert.deepEqual(await tab.send("/echo", name, name), { result: "sent" });
      await server.emit({ namespace: "/echo", event: name, args: [name] });
    }
    for (const name of names) assert.deepEqual(await tab.got("/echo", name), [name]);
    for (const name of [
      "connect",
      "connect_error",
      "disconnect",
      "disconnecting",
      "newListener",
      "removeListener",
    ]) {
      const { error } = await tab.send("/echo", name, 1);
      assert.equal(error?.code, "validation", name);
    }
    assert.deepEqual(
      (await server.state()).arrived,
      names.map((name) => ["/echo", name, name]),
    );
    await tab.close();
  });

  it("resolves a request with what the server acknowledged", async () => {
    const tab = await open(setting.server);
    await tab.join("/");
    assert.deepEqual(await tab.request("/echo", "ask", { n: 1 }), { result: { n: 1 } });
    assert.deepEqual(await tab.request("/", "ask", [1, "two"], { spread: true }), { result: [1, "two"] });
    const { result, error } = await tab.request("/", "ask");
    assert.deepEqual([result, error], [undefined, undefined]);
    await tab.close();
  });

  it("gives each of many requests its own answer, over two namespaces at once", async () => {
    const tab = await open(setting.server);
    await tab.join("/");
    const answers = await tab.page.evaluate(() =>
      Promise.all(
        Array.from({ length: 100 }, (_, number) => window.request(number % 2 ? "/" : "/echo", "ask", number)),
      ),
    );
    assert.deepEqual(
      answers.map(({ result }) => result),
      numbersTo(100),
    );
    await tab.close();
  });

  it("lets a request time out, and takes no late answer for another one's", async () => {
    const tab = await open(setting.server);
    await tab.status("/echo", "open");
    const [never, late, next] = await tab.page.evaluate(() =>
      Promise.all([
        window.request("/echo", "silent", 1, { timeout: 100 }),
        window.request("/echo", "ask_slowly", 1500, { timeout: 50 }),
        window.request("/echo", "ask_slowly", 2000),
      ]),
    );
    assert.equal(never?.error.code, "timeout");
    assert.equal(late?.error.code, "timeout");
    assert.deepEqual(next, { result: 2000 });
    await tab.close();
  });

  it("answers the server's questions", async () => {
    const tab = await open(setting.server);
    await tab.join("/");
    await tab.send("/", "ask_me", [5000, "sum", { of: [1, 2] }], { spread: true });
    await tab.got("/", "answered");
    await tab.send("/echo", "ask_me", [5000], { spread: true });
    await tab.got("/echo", "answered");
    const { replies, events } = await tab.heard();
    assert.deepEqual(replies, ["sent", "sent"]);
    assert.deepEqual(
      events.filter(({ event }) => event === "answered").map(({ args }) => args),
      [["sum", { of: [1, 2] }], []],
    );
    await tab.close();
  });

  it("answers a question once, however many listeners answer", async () => {
    const tab = await open(setting.server);
    await tab.page.evaluate(() => {
      window.answer = () => null;
      window.at("/echo").on("question", async (/** @type {any} */ _payload, /** @type {any} */ { reply }) => {
        window.heard.replies.push(await reply(1), await reply(2));
      });
    });
    await tab.send("/echo", "ask_me", [5000], { spread: true });
    assert.deepEqual(await tab.got("/echo", "answered"), [1]);
    await tab.until(() => window.heard.replies.length === 2);
    assert.deepEqual((await tab.heard()).replies, ["sent", "dropped"]);
    await tab.close();
  });

  it("may leave a question unanswered: the server's patience ends, the connection does not", async () => {
    const tab = await open(setting.server);
    await tab.page.evaluate(() => (window.answer = () => null));
    await tab.send("/echo", "ask_me", [50, "anybody?"], { spread: true });
    await tab.got("/echo", "unanswered");
    assert.deepEqual(await tab.request("/echo", "ask", 1), { result: 1 });
    await tab.close();
  });

  it("offers no reply where the server awaits none", async () => {
    const { server } = setting;
    const tab = await open(server);
    await tab.page.evaluate(() => {
      window.at("/echo").on("question", (/** @type {any} */ _payload, /** @type {any} */ { reply }) => {
        window.heard.replies.push(typeof reply);
      });
    });
    await tab.status("/echo", "open");
    await server.emit({ namespace: "/echo", event: "question", args: [1] });
    await tab.got("/echo", "question");
    assert.deepEqual((await tab.heard()).replies, ["undefined"]);
    await tab.close();
  });

  for (const transports of [["websocket"], ["polling"]]) {
    describe(`over ${transports.join()}`, () => {
      it("carries binary data both ways, nested, several at once, and as Blob", async () => {
        const { server } = setting;
        const tab = await open(server, { transports });
        await tab.page.evaluate(async () => {
          const bytes = new Uint8Array([9, 0, 1, 255, 9]).subarray(1, 4);
          const data = { bytes, deep: [{ buffer: new ArrayBuffer(0) }, new Blob(["blob"])], text: "x" };
          await window.send("/echo", "echo", data);
          await window.send("/echo", "echo", [bytes, "end"], { spread: true });
        });
        const returned = {
          bytes: { base64: "AAH/" },
          deep: [{ buffer: { base64: "" } }, { base64: "YmxvYg==" }],
          text: "x",
        };
        assert.deepEqual(await tab.got("/echo", "echo", 2), [returned, [{ base64: "AAH/" }, "end"]]);
        const { arrived } = await server.state();
        assert.deepEqual(arrived, [
          ["/echo", "echo", returned],
          ["/echo", "echo", { base64: "AAH/" }, "end"],
        ]);
        await tab.close();
      });

      it("carries binary data in acknowledgements of either side", async () => {
        const tab = await open(setting.server, { transports });
        const asked = await tab.page.evaluate(() =>
          window.request("/echo", "ask", { at: 1, bytes: new Uint8Array([1, 30, 3]) }),
        );
        assert.deepEqual(asked, { result: { at: 1, bytes: { base64: "AR4D" } } });
        await tab.page.evaluate(() => {
          window.answer = (question) => ({ data: { question, more: new Uint8Array([7]) } });
        });
        await tab.page.evaluate(() =>
          window.send("/echo", "ask_me", [5000, new Uint8Array([8])], { spread: true }),
        );
        assert.deepEqual(await tab.got("/echo", "answered"), [
          { question: { base64: "CA==" }, more: { base64: "Bw==" } },
        ]);
        await tab.close();
      });

      it("carries what is large, as long as no part of it is above the server's limit", async () => {
        const { server } = setting;
        const tab = await open(server, { transports, queue: { maxBytes: 4_000_000 } });
        await tab.status("/echo", "open");
        // In bytes on the wire the text and the Base64 of the bytes are below 1 MB each, together above it.
        const isSame = await tab.page.evaluate(async () => {
          const text = "€".repeat(200_000);
          const bytes = new Uint8Array(600_000).map((_, place) => place % 251);
          const answer = await window.at("/echo").request("ask", { text, bytes });
          const returned = new Uint8Array(answer.bytes);
          return answer.text === text && returned.every((byte, place) => byte === bytes[place]);
        });
        assert.ok(isSame);
        assert.equal((await server.state()).connects.length, 1);
        await tab.close();
      });

      it("keeps 1,000 messages in order in both directions", async () => {
        const { server } = setting;
        const tab = await open(server, { transports });
        await tab.status("/echo", "open");
        const [{ sent = 0, queued = 0 }] = await Promise.all([
          tab.sendNumbers("/echo", 0, 1000),
          server.emit({ namespace: "/echo", event: "number", count: 1000 }),
        ]);
        assert.equal(sent + queued, 1000);
        assert.deepEqual(await tab.got("/echo", "number", 1000), numbersTo(1000));
        await server.until(({ arrived }) => arrived.length >= 1000);
        assert.deepEqual(await server.firstArguments("number"), numbersTo(1000));
        await tab.close();
      });
    });
  }

  it("keeps binary and plain messages in order when they are mixed", async () => {
    const { server } = setting;
    const tab = await open(server);
    await tab.page.evaluate(async () => {
      const wrap = [
        (/** @type {number} */ n) => n,
        (/** @type {number} */ n) => new Uint8Array([n]),
        (/** @type {number} */ n) => new Blob([new Uint8Array([n])]),
      ];
      await Promise.all(
        Array.from({ length: 30 }, (_, n) =>
          window.send("/echo", "mixed", [n, wrap[n % 3]?.(n)], { spread: true }),
        ),
      );
    });
    await server.until(({ arrived }) => arrived.length === 30);
    assert.deepEqual(await server.firstArguments("mixed"), numbersTo(30));
    await tab.close();
  });

  it("refuses what cannot be sent, in words, and sends nothing of it", async () => {
    const { server } = setting;
    const tab = await open(server);
    await tab.status("/echo", "open");
    const refused = await tab.page.evaluate(() => {
      /** @type {any} */
      const circle = {};
      circle.self = circle;
      const eleven = Array.from({ length: 11 }, () => new Uint8Array(1));
      const placeholder = { _placeholder: true, num: 0 };
      return Promise.all([circle, eleven, placeholder].map((data) => window.send("/echo", "echo", data)));
    });
    assert.deepEqual(
      refused.map(({ error }) => error?.code),
      ["validation", "validation", "validation"],
    );
    assert.deepEqual(await tab.request("/echo", "ask", 1), { result: 1 });
    assert.equal((await server.state()).arrived.length, 1);
    await tab.close();
  });

  it("does the same from a worker", async () => {
    const { server } = setting;
    const tab = await open(server, { worker: true });
    await tab.join("/");
    assert.deepEqual(await tab.request("/", "ask", [1, 2]), { result: [1, 2] });
    await tab.page.evaluate(() => {
      window.answer = (question) => ({ data: { question, more: new Uint8Array([7]) } });
    });
    await tab.page.evaluate(() =>
      window.send("/echo", "ask_me", [5000, new Uint8Array([8])], { spread: true }),
    );
    assert.deepEqual(await tab.got("/echo", "answered"), [
      { question: { base64: "CA==" }, more: { base64: "Bw==" } },
    ]);
    await tab.close();
    await server.until(({ connections }) => connections.length === 0);
  });
});
