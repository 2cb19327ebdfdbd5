import { describe, expect, it, vi } from "vitest";
import { JobsClient, JobsError } from "../../pkg-template/src/index.js";
import { resolveOptions } from "../../pkg-template/src/options.js";

const config = (options: object) =>
  JSON.parse(resolveOptions({ url: "https://h.test", protocol: "stream", ...options } as never)());

const refusal = (options: unknown): JobsError => {
  try {
    new JobsClient(options as never);
  } catch (error) {
    return error as JobsError;
  }
  throw new Error("was accepted");
};

describe("options", () => {
  it("leaves what is not given to the presets of the core", () => {
    expect(config({})).toEqual({
      protocol: "stream",
      urls: [{ ws: "wss://h.test", http: "https://h.test" }],
      token: false,
      headers: false,
    });
  });

  it("passes on what is given", () => {
    const given = {
      path: "/ws/{id}",
      tokenIn: "message",
      onInvalid: "pass",
      history: 7,
      reconnect: { baseDelay: 5, jitter: 0.5 },
      heartbeat: { interval: 0, timeout: 9 },
      pool: { maxSockets: 4 },
      queue: { maxItems: 3, maxAge: undefined },
      rateLimit: { perSecond: 0.5 },
      subscribe: { event: "hello", data: [1] },
    };
    expect(config(given)).toMatchObject(JSON.parse(JSON.stringify(given)));
    expect(config({ polling: { url: "/p/{id}", headers: () => ({}) }, token: "secret" })).toMatchObject({
      polling: { url: "/p/{id}" },
      headers: true,
      token: true,
    });
    expect(config({ reconnect: { attempts: Infinity }, subscribe: "hello" })).toMatchObject({
      reconnect: { attempts: null },
      subscribe: { event: "hello" },
    });
    expect(config({ reconnect: false, polling: false })).toMatchObject({ reconnect: null, polling: null });
  });

  it("never puts the token into the config", () => {
    expect(resolveOptions({ url: "https://h.test", protocol: "stream", token: "s3cret" })()).not.toContain(
      "s3cret",
    );
  });

  it("resolves addresses against the page and takes http for ws and back", () => {
    vi.stubGlobal("location", new URL("http://page.test:8080/app/index.html"));
    expect(config({ url: ["/base/", "ws://other.test/x", new URL("https://third.test")] }).urls).toEqual([
      { ws: "ws://page.test:8080/base", http: "http://page.test:8080/base" },
      { ws: "ws://other.test/x", http: "http://other.test/x" },
      { ws: "wss://third.test", http: "https://third.test" },
    ]);
  });

  it("forces secure sockets on a secure page", () => {
    vi.stubGlobal("location", new URL("https://page.test"));
    expect(config({ url: "http://h.test" }).urls).toEqual([{ ws: "wss://h.test", http: "https://h.test" }]);
  });

  it.each([
    [undefined, "options"],
    [{ protocol: "stream" }, "url"],
    [{ url: [], protocol: "stream" }, "url"],
    [{ url: "ftp://h", protocol: "stream" }, "url"],
    [{ url: "https://", protocol: "stream" }, "url"],
    [{ url: "https://h?token=1", protocol: "stream" }, "url"],
    [{ url: "/", protocol: "carrier-pigeon" }, "protocol"],
    [{ url: "/" }, "protocol"],
    [{ url: "/", protocol: "stream", token: "" }, "token"],
    [{ url: "/", protocol: "stream", token: 7 }, "token"],
    [{ url: "/", protocol: "stream", tokenIn: "auth" }, "tokenIn"],
    [{ url: "/", protocol: "stream", path: "x" }, "path"],
    [{ url: "/", protocol: "stream", reconnect: { attempts: -1 } }, "reconnect.attempts"],
    [{ url: "/", protocol: "stream", reconnect: { jitter: 2 } }, "reconnect.jitter"],
    [{ url: "/", protocol: "stream", reconnect: true }, "reconnect"],
    [{ url: "/", protocol: "stream", heartbeat: { interval: "30s" } }, "heartbeat.interval"],
    [{ url: "/", protocol: "stream", polling: { url: "x" } }, "polling.url"],
    [{ url: "/", protocol: "stream", polling: { url: "/x", interval: 0 } }, "polling.interval"],
    [{ url: "/", protocol: "stream", rateLimit: {} }, "rateLimit.perSecond"],
    [{ url: "/", protocol: "stream", rateLimit: { perSecond: 0 } }, "rateLimit.perSecond"],
    [{ url: "/", protocol: "stream", pool: { linger: Infinity } }, "pool.linger"],
    [{ url: "/", protocol: "stream", polling: { url: "/x", headers: {} } }, "polling.headers"],
    [{ url: "/", protocol: "stream", reconnect: { jitter: "some" } }, "reconnect.jitter"],
    [{ url: "/", protocol: "stream", path: null }, "path"],
    [{ url: "/", protocol: "stream", history: -1 }, "options.history"],
    [{ url: "/", protocol: "stream", onInvalid: "shout" }, "onInvalid"],
    [{ url: "/", protocol: "stream", subscribe: {} }, "subscribe"],
    [{ url: "/", protocol: "stream", events: { mine: () => true } }, "events.mine"],
    [{ url: "/", protocol: "stream", logger: console }, "logger"],
  ])("refuses %j and names the option %s", (options, name) => {
    const error = refusal(options);
    expect(error).toBeInstanceOf(JobsError);
    expect(error.code).toBe("config");
    expect(error.message).toContain(`option ${name} takes`);
    expect(error.remedy).not.toBe("");
  });

  it("data that cannot be JSON", () => {
    const circular: unknown[] = [];
    circular.push(circular);
    const options = { url: "/", protocol: "stream", subscribe: { event: "e", data: circular } };
    expect(refusal(options)).toMatchObject({ code: "config", message: expect.stringContaining("subscribe") });
  });

  it.each(["broadcast", "socket.io"])("says that %s is not spoken yet", (protocol) => {
    const error = refusal({ url: "/", protocol });
    expect(error.code).toBe("config");
    expect(error.remedy).toContain('This version speaks "stream"');
  });

  it("does not repeat credentials of an address", () => {
    const error = refusal({ url: "https://me:pa55word@h.test", protocol: "stream" });
    expect(error.message + error.remedy).not.toContain("pa55word");
  });
});
