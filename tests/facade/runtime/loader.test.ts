import { beforeEach, describe, expect, it, vi } from "vitest";
import { control, made } from "../fake/core.js";
import { EMPTY_MODULE, emptyModule } from "../fake/core-wasm.js";

/** Loads the package anew, as a page does. */
async function page() {
  vi.resetModules();
  const { JobsClient } = await import("../../../pkg-template/src/index.js");
  const fake = await import("../fake/core.js");
  return {
    fake,
    create: (more: object = {}) => new JobsClient({ url: "https://h.test", protocol: "stream", ...more }),
  };
}

describe("loading", () => {
  beforeEach(() => {
    made.length = 0;
    control.failure = undefined;
  });

  it("does nothing before the first use", async () => {
    const compile = vi.spyOn(WebAssembly, "compile");
    const { create, fake } = await page();
    const client = create();
    client.job("a");
    client.jobs();
    expect(client.connection.current.state).toBe("idle");
    await new Promise((resolve) => setTimeout(resolve));
    expect(compile).not.toHaveBeenCalled();
    expect(fake.made).toHaveLength(0);
    await client.ready;
    expect(compile).toHaveBeenCalledTimes(1);
    client.close();
  });

  it("compiles once for several clients", async () => {
    const compile = vi.spyOn(WebAssembly, "compile");
    const { create, fake } = await page();
    const clients = [create(), create(), create()];
    await Promise.all(clients.map((client) => client.ready));
    expect(compile).toHaveBeenCalledTimes(1);
    expect(fake.made).toHaveLength(3);
    for (const client of clients) client.close();
  });

  it("says how a failure is healed, keeps what was wished for, and can try again", async () => {
    const { create, fake } = await page();
    fake.control.failure = new WebAssembly.CompileError("blocked by the policy");
    const client = create();
    const stop = client.job("a").subscribe(() => {});
    const done = client.job("a").done();
    await expect(client.connect()).rejects.toMatchObject({
      name: "JobsError",
      code: "wasm",
      retryable: true,
      remedy: expect.stringContaining("'wasm-unsafe-eval'"),
    });
    await expect(done).rejects.toMatchObject({ code: "wasm" });
    expect(client.connection.current).toMatchObject({ state: "failed", error: { code: "wasm" } });

    fake.control.failure = undefined;
    void client.connect();
    await client.ready;
    expect(fake.made[0]?.messages.map(([name]) => name)).toEqual(["follow", "connect"]);
    stop();
    client.close();
  });

  it("that fails keeps channels and what is listened to on them, not what was to be sent", async () => {
    const { create, fake } = await page();
    fake.control.failure = new Error("no");
    const client = create({ protocol: "socket.io" });
    const channel = client.channel("/a");
    channel.on("progress", () => {});
    await expect(channel.send("x", new Uint8Array(1))).rejects.toMatchObject({ code: "wasm" });
    expect(channel.connection.current).toMatchObject({ state: "failed", error: { code: "wasm" } });
    fake.control.failure = undefined;
    await client.ready;
    expect(fake.made[0]?.messages).toEqual([
      ["channel", "/a", 1],
      ["listen", "/a,progress", 1],
    ]);
    client.close();
  });

  it("that fails keeps the entities that are followed", async () => {
    const { create, fake } = await page();
    fake.control.failure = new Error("no");
    const client = create({ protocol: "broadcast" });
    client.entities("track").subscribe(() => {});
    await expect(client.send("x")).rejects.toMatchObject({ code: "wasm" });
    fake.control.failure = undefined;
    await client.ready;
    expect(fake.made[0]?.messages).toEqual([["watchEntities", "track", 1]]);
    client.close();
  });

  it.each<[string, () => unknown]>([
    ["a URL", () => new URL("https://cdn.test/core.wasm")],
    ["the text of a URL", () => "https://cdn.test/core.wasm"],
    ["a Response", () => new Response(EMPTY_MODULE, { headers: { "content-type": "application/wasm" } })],
    ["bytes", () => EMPTY_MODULE],
    ["a module", () => new WebAssembly.Module(EMPTY_MODULE)],
  ])("takes the wasm as %s", async (_name, wasm) => {
    const fetch = vi.fn(async () => new Response(EMPTY_MODULE));
    vi.stubGlobal("fetch", fetch);
    const { create, fake } = await page();
    const client = create({ wasm: wasm() });
    await client.ready;
    expect(fake.made).toHaveLength(1);
    client.close();
  });

  it.each(["stream", "broadcast", "socket.io"])(
    "refuses the wasm of another protocol than %s",
    async (protocol) => {
      const { create } = await page();
      const client = create({
        protocol,
        wasm: emptyModule([protocol === "stream" ? "socket.io" : "stream"]),
      });
      await expect(client.ready).rejects.toMatchObject({
        code: "wasm",
        message: expect.stringContaining(`the wasm is not that of "${protocol}"`),
      });
      client.close();
    },
  );

  it.each<[string, object | string, string]>([
    ["another version", { version: "0.0.1", hash: "tests" }, "version 0.0.1 (build tests)"],
    ["another build of the version", { version: "0.0.0", hash: "old" }, "version 0.0.0 (build old)"],
    ["a version that does not say which", "", "an older version"],
    ["a version that nobody knows", "{", "an unknown version"],
  ])("refuses the wasm of %s, however it is given", async (_name, build, found) => {
    const bytes = emptyModule(["stream"], build);
    vi.stubGlobal("fetch", async () => new Response(bytes));
    const given = [
      new URL("https://cdn.test/core.wasm"),
      new Response(bytes),
      bytes,
      new WebAssembly.Module(bytes),
    ];
    for (const wasm of given) {
      const { create, fake } = await page();
      const client = create({ wasm });
      const error = (await client.ready.catch((cause: unknown) => cause)) as Error & { remedy: string };
      expect(error).toMatchObject({ name: "JobsError", code: "wasm" });
      expect(error.message).toBe(
        `The wasm is that of ${found} of jobwire, the package is version 0.0.0 (build tests).`,
      );
      expect(error.remedy).toMatch(/version.*cache/);
      expect(client.connection.current).toMatchObject({ state: "failed", error: { code: "wasm" } });
      expect(fake.made).toHaveLength(0);
      client.close();
    }
  });

  it("that failed can be tried again with the same Response", async () => {
    const { create, fake } = await page();
    const compile = vi.spyOn(WebAssembly, "compileStreaming").mockRejectedValueOnce(new Error("no memory"));
    const headers = { "content-type": "application/wasm" };
    const client = create({ wasm: new Response(EMPTY_MODULE, { headers }) });
    await expect(client.ready).rejects.toMatchObject({ code: "wasm" });
    await client.ready;
    expect(compile).toHaveBeenCalledTimes(2);
    expect(fake.made).toHaveLength(1);
    client.close();
  });

  it("says of a Response that was read that it takes another one", async () => {
    const { create } = await page();
    const wasm = new Response(EMPTY_MODULE);
    await wasm.arrayBuffer();
    const client = create({ wasm });
    await expect(client.ready).rejects.toMatchObject({
      code: "wasm",
      message: expect.stringContaining("was read before"),
      remedy: expect.stringContaining("Response"),
    });
    client.close();
  });

  it("that fails keeps a disconnect() that was called meanwhile", async () => {
    const { create, fake } = await page();
    fake.control.failure = new Error("no");
    const client = create();
    const connected = client.connect();
    client.disconnect();
    await expect(connected).rejects.toMatchObject({ code: "wasm" });
    fake.control.failure = undefined;
    client.job("a").subscribe(() => {});
    await client.ready;
    expect(fake.made[0]?.messages).toEqual([["disconnect"], ["follow", "a"]]);
    void client.connect();
    expect(fake.made[0]?.messages.at(-1)?.[0]).toBe("connect");
    client.close();
  });

  it("tells the HTTP status of a wasm that is not there", async () => {
    vi.stubGlobal("fetch", async () => new Response("", { status: 404 }));
    const { create } = await page();
    const client = create({ wasm: new URL("https://cdn.test/core.wasm") });
    await expect(client.ready).rejects.toMatchObject({
      code: "wasm",
      message: expect.stringContaining("404"),
    });
    client.close();
  });

  it("refuses in the same words when a file of the package is not there", async () => {
    vi.doMock("../../../pkg-template/src/protocols/socketio.js", () => {
      throw new TypeError("Failed to fetch dynamically imported module");
    });
    const { create } = await page();
    const client = create({ protocol: "socket.io" });
    const connected = client.connect();
    vi.doUnmock("../../../pkg-template/src/protocols/socketio.js");
    for (const refused of [client.ready, connected])
      await expect(refused).rejects.toMatchObject({ name: "JobsError", code: "wasm", retryable: true });
    expect(client.connection.current).toMatchObject({ state: "failed", error: { code: "wasm" } });
    client.close();
  });
});
