import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import type { EventMeta, InvalidPayload, JobEvents } from "../../../pkg-template/src/index.js";
import { createChannels } from "../../../pkg-template/src/channels/channels.js";
import { Post } from "../../../pkg-template/src/wire/messages.js";
import type { FakeCore } from "../fake/core.js";
import { collectReports, meta, microtasks, open } from "../support.js";

/** Numbers of problems.ts. */
const LOST = 14;

const socketIo = { protocol: "socket.io", namespace: "/jobs" } as const;
const event = (name: string, args: unknown[] = [], more: object = {}) => [
  "socket.io event",
  name,
  args,
  { ...meta(), ...more },
];
const bytes = (...list: number[]) => Uint8Array.from(list).buffer;

describe("the options of socket.io", () => {
  it("have presets of their own", async () => {
    const config = async (more: object) => {
      const { core } = await open({ protocol: "socket.io", ...more });
      return core.config;
    };
    const usual = {
      urls: ["s://jobs.test"],
      protocol: 2,
      path: "/socket.io",
      interval: 0,
      maxDelay: 5000,
      tokenIn: 3,
      transports: 0,
      reconnectOff: 0,
      token: 0,
      headers: 0,
      onInvalid: 0,
    };
    expect(await config({})).toEqual(usual);
    expect(await config({ path: "/other/", namespace: "/jobs", tokenIn: "query" })).toEqual({
      ...usual,
      path: "/other",
      namespace: "/jobs",
      tokenIn: 0,
    });
    const polling: Record<string, unknown> = { ...usual };
    delete polling["interval"];
    expect(await config({ polling: { url: "/j/{id}" }, reconnect: { maxDelay: 7 } })).toEqual({
      ...polling,
      pollingUrl: "/j/{id}",
      maxDelay: 7,
    });
    expect(await config({ polling: { url: "/j/{id}", interval: 9 } })).toMatchObject({ interval: 9 });
    expect(await config({ polling: false, path: "/" })).toEqual({ ...usual, path: "" });
  });

  it.each([
    [["websocket", "polling"], 0],
    [["polling", "websocket"], 1],
    [["websocket"], 2],
    [["polling"], 3],
  ] as const)("write the transports %j as %i", async (transports, written) => {
    const { core } = await open({ protocol: "socket.io", transports });
    expect(core.config).toMatchObject({ transports: written });
  });
});

describe("a channel", () => {
  it("is opened for its first user and closed after its last", async () => {
    const { client, core } = await open(socketIo);
    const first = client.channel("/performance");
    const second = client.channel("/performance");
    client.channel("/other");
    first.close();
    first.close();
    expect(core.heard("channel")).toEqual([
      ["channel", "/performance", 1],
      ["channel", "/other", 1],
    ]);
    second.close();
    expect(core.heard("channel").at(-1)).toEqual(["channel", "/performance", 0]);
    client.channel("/performance");
    expect(core.heard("channel").at(-1)).toEqual(["channel", "/performance", 1]);
  });

  it("connects, unless disconnect() came first", async () => {
    const first = await open(socketIo);
    first.client.channel("/a");
    expect(first.core.messages).toEqual([
      ["connect", expect.any(Number)],
      ["channel", "/a", 1],
    ]);
    const second = await open(socketIo);
    second.client.disconnect();
    second.client.channel("/a");
    expect(second.core.heard("connect")).toEqual([]);
  });

  it("has a status of its own, the same for all its users", async () => {
    const { client, core } = await open(socketIo);
    const channel = client.channel("/a");
    expect(channel.connection).toBe(client.channel("/a").connection);
    expect(channel.connection.current).toEqual({ state: "idle", attempt: 0, everConnected: false });
    const states: string[] = [];
    channel.connection.subscribe(({ state }) => states.push(state));
    core.urgent(
      ["channel status", "/a", { state: "open", everConnected: true, isPolling: 1 }],
      ["channel status", "/nobody's", { state: "open" }],
      ["status", { state: "open" }],
    );
    expect(channel.connection.current).toMatchObject({ state: "open", transport: "polling" });
    expect(client.connection.current).toMatchObject({ state: "open", transport: "websocket" });
    const refused = { state: "failed", problem: LOST, said: "not here", data: { code: 1 } };
    core.urgent(["channel status", "/a", refused]);
    expect(states).toEqual(["idle", "open", "failed"]);
    expect(channel.connection.current.error?.cause).toEqual({ message: "not here", data: { code: 1 } });
    expect(client.connection.current.state).toBe("open");
    client.close();
    expect(channel.connection.current.state).toBe("closed");
  });

  it("says what the server said about a problem, and nothing where it said nothing", async () => {
    const { client, core } = await open(socketIo);
    const cause = (more: object) => {
      core.urgent(["status", { state: "failed", problem: LOST, ...more }]);
      return client.connection.current.error?.cause;
    };
    expect(cause({ said: "no", data: [1] })).toEqual({ message: "no", data: [1] });
    expect(cause({ said: "no" })).toEqual({ message: "no" });
    expect(cause({ data: 0 })).toEqual({ data: 0 });
    expect(cause({})).toBeUndefined();
    core.urgent(["status", { state: "open" }]);
    expect(client.connection.current).not.toHaveProperty("error");
  });

  it("keeps its status while the core lingers, and begins anew after that", async () => {
    const { client, core } = await open(socketIo);
    client.channel("/a").close();
    core.urgent(["channel status", "/a", { state: "open" }]);
    const again = client.channel("/a");
    expect(again.connection.current.state).toBe("open");
    again.close();
    core.urgent(["channel status", "/a", { state: "closed" }]);
    expect(client.channel("/a").connection.current.state).toBe("idle");
  });

  it("that closed is forgotten, whether the core opened it or not", async () => {
    const guard = (run: () => void) => run();
    const opened: string[] = [];
    const post = (...message: unknown[]) => message[0] === Post.Channel && opened.push(String(message[2]));
    const { rooms, channel } = createChannels(
      {
        post,
        ask: () => Promise.resolve() as never,
        guard,
        statusGuard: guard,
        isClosed: () => false,
        watchAll: () => {},
      },
      "/",
    );
    for (let n = 0; n < 1000; n++) channel(`/n${n}`).close();
    expect(opened).toHaveLength(2000);
    expect([...rooms.keys()]).toEqual(["/"]);

    const { client, core } = await open(socketIo);
    const left = client.channel("/a");
    core.urgent(["channel status", "/a", { state: "open" }]);
    left.close();
    core.urgent(["channel status", "/a", { state: "idle" }]);
    expect(left.connection.current.state).toBe("idle");
    expect(client.channel("/a").connection).not.toBe(left.connection);
  });

  it("hears its own events, and each listener by way of its own user", async () => {
    const { client, core } = await open(socketIo);
    const [first, second] = [client.channel("/a"), client.channel("/a")];
    const heard: unknown[] = [];
    const listen = (payload: unknown, { channel }: EventMeta) => heard.push([channel, payload]);
    client.on("progress", listen);
    first.on("progress", listen);
    second.on("progress", listen);
    second.once("progress", () => heard.push("once"));
    second.onAny((name, payload) => heard.push([name, payload]));
    core.urgent(event("progress", [1]), event("/a,progress", [2]), event("/b,progress", [3]));
    expect(heard).toEqual([["/jobs", 1], ["/a", 2], ["/a", 2], "once", ["progress", 2]]);

    heard.length = 0;
    first.off("progress", listen);
    core.urgent(event("/a,progress", [4]));
    expect(heard).toEqual([
      ["/a", 4],
      ["progress", 4],
    ]);
    second.close();
    core.urgent(event("/a,progress", [5]));
    expect(heard).toHaveLength(2);
    expect(core.heard("listen").map(([, name, delta]) => `${delta} ${name}`)).toEqual([
      ...["1 progress", "1 /a,progress", "1 /a,progress", "1 /a,progress", "1 /a,*"],
      ...["-1 /a,progress", "-1 /a,progress", "-1 /a,progress", "-1 /a,*"],
    ]);
  });

  it("of the default namespace is the client's own", async () => {
    const { client, core } = await open(socketIo);
    const channel = client.channel("/jobs");
    expect(channel.connection).toBe(client.connection);
    const heard: unknown[] = [];
    channel.on("job_created", ({ id }) => heard.push(id));
    channel.on("job", () => {});
    core.urgent(event("job_created", [{ id: "a" }]));
    expect(heard).toEqual(["a"]);
    channel.close();
    client.channel("/jobs");
    expect(core.heard("channel", "listen", "watchAll")).toEqual([
      ["listen", "job_created", 1],
      ["watchAll", 1],
      ["listen", "job_created", -1],
      ["watchAll", 0],
    ]);
  });

  it("that is closed does nothing any more", async () => {
    const { client, core } = await open(socketIo);
    const channel = client.channel("/a");
    const other = client.channel("/a");
    channel.close();
    core.messages.length = 0;
    channel.on("progress", () => {})();
    await expect(channel.send("x")).rejects.toMatchObject({ code: "closed" });
    await expect(channel.request("x")).rejects.toMatchObject({ code: "closed" });
    expect(core.messages).toEqual([]);
    client.close();
    await expect(other.send("x")).rejects.toMatchObject({ code: "closed" });
  });

  it("may be closed by its listener", async () => {
    const { client, core } = await open(socketIo);
    const channel = client.channel("/a");
    const heard = vi.fn(() => channel.close());
    channel.on("progress", heard);
    channel.onAny(heard);
    core.urgent(event("/a,progress"), event("/a,progress"));
    expect(heard).toHaveBeenCalledTimes(1);
  });

  it("of a closed client is closed", async () => {
    const { client } = await open(socketIo);
    client.close();
    expect(client.channel("/a").connection.current.state).toBe("closed");
  });

  it("closes behind what was sent before with a Blob, unless it has another user then", async () => {
    const { client, core } = await open(socketIo);
    const send = () => {
      const channel = client.channel("/a");
      const sent = channel.send("x", new Blob(["ab"]));
      channel.close();
      return vi.waitFor(() => core.reply("send", true, "sent"), 10_000).then(() => sent);
    };
    await send();
    const heard = () => core.heard("channel", "send").map(([name, ...rest]) => `${name} ${rest.at(-1)}`);
    await vi.waitFor(() => expect(heard()).toEqual(["channel 1", "send -1", "channel 0"]), 10_000);
    core.messages.length = 0;
    const sent = send();
    client.channel("/a");
    await sent;
    await microtasks();
    expect(core.heard("channel").at(-1)).toEqual(["channel", "/a", 1]);
  });

  it.each([["jobs"], [""], ["/a,b"], [undefined]])("cannot have the name %j", async (name) => {
    const { client } = await open(socketIo);
    expect(() => client.channel(name as string)).toThrow(/begins with "\/"/);
  });

  it("is not part of stream, where a name is only a name", async () => {
    const { client, core } = await open();
    expect(() => client.channel("/a")).toThrow(/no channels/);
    const heard = vi.fn();
    client.on("/a,b" as never, heard);
    core.urgent(["event", "/a,b", 1, meta()]);
    expect(heard).toHaveBeenCalledTimes(1);
    await expect(client.send("x", bytes(1))).rejects.toMatchObject({ code: "config" });
  });
});

describe("an event of socket.io", () => {
  it("has its argument as payload, none as undefined, several as a list", async () => {
    const { client, core } = await open(socketIo);
    const heard: unknown[] = [];
    client.onAny((_, payload, { args, channel }) => heard.push([payload, args, channel]));
    core.urgent(event("a", [{ x: 1 }]), event("a"), event("a", [1, 2]), event("/jobs,/b", [[3]]));
    expect(heard).toEqual([
      [{ x: 1 }, [{ x: 1 }], "/jobs"],
      [undefined, [], "/jobs"],
      [[1, 2], [1, 2], "/jobs"],
      [[3], [[3]], "/jobs"],
    ]);
  });

  it("with a slash in front has the namespace in front of that, both ways", async () => {
    const { client, core } = await open(socketIo);
    const heard = vi.fn();
    client.on("/b, c" as never, heard);
    void client.send("/b, c");
    core.urgent(event("/jobs,/b, c"));
    expect(heard).toHaveBeenCalledTimes(1);
    expect(core.heard("listen", "send")).toEqual([
      ["listen", "/jobs,/b, c", 1],
      ["send", expect.any(Number), "/jobs,/b, c", undefined, undefined, -1],
    ]);
  });

  it("gets names in camelCase where the core knows it", async () => {
    const { client, core } = await open(socketIo);
    const heard: unknown[] = [];
    client.on("performance_state", ({ vocalVolume, ...rest }) => heard.push([vocalVolume, rest]));
    core.urgent(
      event("performance_state", [{ vocal_volume: 0.5 }], { known: 1 }),
      event("performance_state", [{ vocal_volume: 0.5 }]),
    );
    expect(heard).toEqual([
      [0.5, {}],
      [undefined, { vocal_volume: 0.5 }],
    ]);
  });

  it("that a read found to have ended is told as the server would have told it", async () => {
    const { client, core } = await open(socketIo);
    const heard: unknown[] = [];
    client.onAny((name, payload) => heard.push([name, payload]));
    const job = ["j", 4, null, 1, 7, 1, 0, null, null, null, "why", null, "broke", 0, null];
    core.urgent(["own event", "job_failed", job, "j"], ["own event", "gap", [0, 1, 2, 0], "j"]);
    expect(heard).toEqual([
      [
        "job_failed",
        expect.objectContaining({ id: "j", status: "failed", statusMessage: "why", error: "broke" }),
      ],
      ["gap", { jobId: "j", from: 1, to: 2, healed: false }],
    ]);
  });

  it("gets its attachments, each once", async () => {
    const { client, core } = await open(socketIo);
    const heard: unknown[] = [];
    client.onAny((_, payload) => heard.push(payload));
    core.sink("attachment", 7, bytes(1));
    core.sink("attachment", 8, bytes(2, 3));
    const placeholder = (num: number) => ({ _placeholder: true, num });
    const args = [{ some_name: [placeholder(1), "x", null], other: placeholder(0) }];
    // What may not wait for the frame comes in between.
    core.urgent(["channel status", "/a", { state: "open" }]);
    core.urgent(event("a", args, { ids: [7, 8], known: 1 }), event("a", [placeholder(0)]));
    expect(heard).toEqual([
      { someName: [bytes(2, 3), "x", null], other: bytes(1) },
      { _placeholder: true, num: 0 },
    ]);
  });

  it("is acknowledged only when the server waits for that", async () => {
    const { client, core } = await open(socketIo);
    const channel = client.channel("/a");
    const replies: EventMeta["reply"][] = [];
    channel.onAny((_, _payload, { reply }) => replies.push(reply));
    core.urgent(event("/a,x"), event("/a,x", [], { reply: 5 }));
    expect(replies).toEqual([undefined, expect.any(Function)]);
    const sent = replies[1]?.({ ok: true });
    core.reply("reply", true, "sent");
    await expect(sent).resolves.toBe("sent");
    const late = replies[1]?.([1, bytes(9)], { spread: true });
    core.reply("reply", true, "dropped");
    await expect(late).resolves.toBe("dropped");
    void replies[1]?.();
    expect(core.heard("reply", "attach")).toEqual([
      ["reply", expect.any(Number), 5, '{"ok":true}'],
      ["attach", [9]],
      ["reply", expect.any(Number), 5, '1,{"_placeholder":true,"num":0}'],
      ["reply", expect.any(Number), 5, undefined],
    ]);
    channel.close();
    client.close();
    await expect(replies[1]?.()).resolves.toBe("dropped");
  });

  it("passes its validator on every channel, and is counted by its channel", async () => {
    type Events = JobEvents & { mine: { n: number } };
    const { client, core } = await open<Events>({
      ...socketIo,
      events: { mine: z.object({ n: z.number() }) },
    });
    const channel = client.channel("/a");
    const heard: unknown[] = [];
    const offered: [string, string | undefined, unknown][] = [];
    const offer = (where: string) => (one: InvalidPayload, it: EventMeta) =>
      offered.push([where, it.channel, one.payload]);
    client.on("mine", ({ n }) => heard.push(n));
    channel.on("mine", ({ n }) => heard.push(n));
    client.on("invalid", offer("client"));
    channel.on("invalid", offer("channel"));
    core.urgent(event("mine", [{ n: 1 }]), event("/a,mine", [{ n: 2 }]), event("/a,mine", ["bad"]));
    core.urgent(event("mine", ["worse"]));
    expect(heard).toEqual([1, 2]);
    expect(offered).toEqual([
      ["client", "/a", "bad"],
      ["channel", "/a", "bad"],
      ["client", "/jobs", "worse"],
    ]);
    const audit = client.audit();
    core.sink("reply", core.heard("audit")[0]?.[1] as number, [
      ["mine", 2, 2, 0, 1, 0, 0],
      ["/a,mine", 2, 2, 0, 1, 0, 0],
    ]);
    expect((await audit).map(({ event: name, invalid }) => [name, invalid])).toEqual([
      ["mine", 1],
      ["/a,mine", 1],
    ]);
  });

  it("whose listener throws disturbs nobody", async () => {
    const reports = collectReports();
    const { client, core } = await open(socketIo);
    const [first, second] = [client.channel("/a"), client.channel("/a")];
    const heard = vi.fn();
    first.onAny(() => {
      throw new Error("mine");
    });
    second.onAny(heard);
    core.urgent(event("/a,x"));
    expect(heard).toHaveBeenCalledTimes(1);
    expect(reports.map(String)).toEqual(["Error: mine"]);
  });
});

describe("send()", () => {
  const sent = (core: FakeCore) => core.heard("send", "sendVolatile", "request").map(([, , ...rest]) => rest);

  it("says it on its channel, with its options", async () => {
    const { client, core } = await open(socketIo);
    const channel = client.channel("/a");
    void client.send("x", 1, { supersede: "k", maxAge: 5 });
    void channel.send("x", [1, 2]);
    void channel.send("x", [1, [2], undefined], { spread: true });
    void channel.send("x", [], { spread: true });
    void channel.send("x", undefined, { volatile: true });
    expect(sent(core)).toEqual([
      ["x", "1", "k", 5],
      ["/a,x", "[1,2]", undefined, -1],
      ["/a,x", "1,[2],null", undefined, -1],
      ["/a,x", undefined, undefined, -1],
      ["/a,x", undefined, undefined, -1],
    ]);
  });

  it("hands binary data over beside the JSON, as it is now", async () => {
    const { client, core } = await open(socketIo);
    const view = Uint8Array.of(0, 1, 2, 3).subarray(1, 3);
    void client.send("x", { at: new Date(0), deep: [view, new DataView(bytes(4))], same: view });
    view.fill(9);
    void client.send("y", Buffer.from([5]));
    void client.send("z", [new Uint8Array(new SharedArrayBuffer(1)), bytes()], { spread: true });
    expect(
      core.heard("attach", "send").map(([name, ...rest]) => (name === "attach" ? rest[0] : rest[2])),
    ).toEqual([
      ...[[1, 2], [4], [1, 2]],
      '{"at":"1970-01-01T00:00:00.000Z","deep":[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}],' +
        '"same":{"_placeholder":true,"num":2}}',
      [5],
      '{"_placeholder":true,"num":0}',
      ...[[0], []],
      '{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}',
    ]);
  });

  it("reads a Blob first, and keeps the order of its channel, not of others", async () => {
    const { client, core } = await open(socketIo);
    const other = client.channel("/a");
    void client.send("first", { blob: new Blob(["ab"]), bytes: bytes(1) });
    void client.send("second", 2);
    const third = client.send("third", new File(["c"], "c.txt"));
    void client.send("fourth");
    void other.send("beside", 1);
    expect(sent(core)).toEqual([["/a,beside", "1", undefined, -1]]);
    await vi.waitFor(() => expect(core.heard("send")).toHaveLength(5), 10_000);
    expect(
      core.heard("send", "attach").map(([name, ...rest]) => (name === "attach" ? rest[0] : rest[1])),
    ).toEqual([...["/a,beside", [97, 98], [1], "first", "second", [99], "third", "fourth"]]);
    core.urgent(["answer", core.heard("send")[3]?.[1], "queued"]);
    await expect(third).resolves.toBe("queued");
    await microtasks();
    void client.send("fifth");
    expect(core.heard("send")).toHaveLength(6);
  });

  it("of a Blob that cannot be read is refused, and what comes after it is not", async () => {
    const { client, core } = await open(socketIo);
    const blob = new Blob(["ab"]);
    blob.arrayBuffer = () => Promise.reject(new DOMException("it is gone", "NotReadableError"));
    const lost = client.send("first", blob);
    void client.send("second");
    await expect(lost).rejects.toMatchObject({
      code: "validation",
      message: expect.stringContaining("it is gone"),
    });
    expect(sent(core)).toEqual([["second", undefined, undefined, -1]]);
  });

  const round: { self?: unknown } = {};
  round.self = round;
  it.each<[string, unknown, object]>([
    ["a circle", round, {}],
    ["a function", () => {}, {}],
    ["a BigInt", { n: 1n }, {}],
    ["eleven attachments", Array.from({ length: 11 }, () => bytes(1)), {}],
    ["what looks like a placeholder", { a: [{ _placeholder: true, num: 0 }] }, {}],
    ["what is to be spread and is no list", { a: 1 }, { spread: true }],
    ["nothing to spread", undefined, { spread: true }],
  ])("refuses %s", async (_name, data, options) => {
    const { client, core } = await open(socketIo);
    await expect(client.send("x", data, options)).rejects.toMatchObject({
      code: "validation",
      message: expect.stringMatching(/^The data cannot be sent: ./),
    });
    await expect(client.request("x", data, options)).rejects.toMatchObject({ code: "validation" });
    expect(core.heard("send", "request", "attach")).toEqual([]);
  });

  it("takes ten attachments", async () => {
    const { client, core } = await open(socketIo);
    void client.send(
      "x",
      Array.from({ length: 10 }, () => bytes(1)),
    );
    expect(core.heard("attach")).toHaveLength(10);
    expect(core.heard("send")).toHaveLength(1);
  });
});

describe("request()", () => {
  it("resolves with the answer: a value, nothing, a list, with attachments", async () => {
    const { client, core } = await open(socketIo);
    const channel = client.channel("/a");
    const ask = async (args: unknown[], ids?: number[]) => {
      const answer = channel.request("x", { a: 1 }, { timeout: 50 });
      core.acknowledge(args, ids);
      return answer;
    };
    expect(await ask([{ ok: true }])).toEqual({ ok: true });
    expect(await ask([])).toBeUndefined();
    expect(await ask([1, 2])).toEqual([1, 2]);
    core.sink("attachment", 3, bytes(5));
    expect(await ask([{ _placeholder: true, num: 0 }], [3])).toEqual(bytes(5));
    expect(core.heard("request")[0]).toEqual(["request", expect.any(Number), "/a,x", '{"a":1}', 50]);
    void client.request("y", [1, 2], { spread: true });
    expect(core.heard("request").at(-1)).toEqual(["request", expect.any(Number), "y", "1,2", -1]);
  });

  it("rejects with a JobsError, and when the client is closed", async () => {
    const { client, core } = await open(socketIo);
    const first = client.request("x");
    core.reply("request", false, LOST);
    await expect(first).rejects.toMatchObject({ name: "JobsError", code: "network" });
    const second = client.request("x");
    client.close();
    await expect(second).rejects.toMatchObject({ code: "closed" });
  });
});
