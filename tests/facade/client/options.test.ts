import { describe, expect, it, vi } from "vitest";
import { encodeConfig } from "../../../pkg-template/src/wire/config.js";
import { JobsClient, JobsError } from "../../../pkg-template/src/index.js";
import { resolveOptions } from "../../../pkg-template/src/client/options.js";
import { fromConfig } from "../fake/core.js";

const config = (options: object) =>
  fromConfig(
    encodeConfig(resolveOptions({ url: "https://h.test", protocol: "stream", ...options } as never)()),
  );

/** What stands in every config: switches, and the choices of which the first is the default. */
const USUAL = { protocol: 0, transports: 0, reconnectOff: 0, token: 0, headers: 0, onInvalid: 0 };

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
    expect(config({})).toEqual({ ...USUAL, urls: ["s://h.test"] });
    expect(config({ reconnect: {}, heartbeat: {}, pool: {}, queue: {} })).toEqual(config({}));
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
    expect(config(given)).toEqual({
      ...USUAL,
      urls: ["s://h.test"],
      path: "/ws/{id}",
      tokenIn: 2,
      onInvalid: 1,
      history: 7,
      baseDelay: 5,
      jitter: 500,
      heartbeatInterval: 0,
      timeout: 9,
      maxSockets: 4,
      maxItems: 3,
      perSecond: 0.5,
      event: "hello",
      data: "[1]",
    });
    expect(config({ polling: { url: "/p/{id}", headers: () => ({}) }, token: "secret" })).toEqual({
      ...USUAL,
      urls: ["s://h.test"],
      pollingUrl: "/p/{id}",
      headers: 1,
      token: 1,
    });
    expect(config({ reconnect: { attempts: Infinity }, subscribe: "hello" })).toEqual({
      ...USUAL,
      urls: ["s://h.test"],
      attempts: 1e9,
      event: "hello",
    });
    expect(config({ reconnect: false, polling: false })).toEqual({
      ...USUAL,
      urls: ["s://h.test"],
      reconnectOff: 1,
      interval: 0,
    });
  });

  it("passes on the rest of what is given, zeros too", () => {
    const parts = {
      reconnect: { attempts: 0, maxDelay: 6, jitter: 0, minUptime: 0 },
      polling: { url: "http://reads.test/{id}", interval: 9 },
      pool: { linger: 0 },
      queue: { maxBytes: 10, maxAge: 11 },
      rateLimit: { perSecond: 12, burst: 13 },
      history: 0,
    };
    expect(config(parts)).toEqual({
      ...USUAL,
      urls: ["s://h.test"],
      attempts: 0,
      maxDelay: 6,
      jitter: 0,
      minUptime: 0,
      pollingUrl: "http://reads.test/{id}",
      interval: 9,
      linger: 0,
      maxBytes: 10,
      maxAge: 11,
      perSecond: 12,
      burst: 13,
      history: 0,
    });
  });

  it.each([
    [{ reconnect: { jitter: "full" } }, { jitter: 1000 }],
    [{ reconnect: { jitter: "none" } }, { jitter: 0 }],
    [{ reconnect: { jitter: 1 } }, { jitter: 1000 }],
    [{ tokenIn: "query" }, { tokenIn: 0 }],
    [{ tokenIn: "subprotocol" }, { tokenIn: 1 }],
    [{ onInvalid: "drop" }, { onInvalid: 0 }],
    [{ onInvalid: "quarantine" }, { onInvalid: 2 }],
  ])("writes %j as %j", (options, written) => {
    expect(config(options)).toEqual({ ...USUAL, urls: ["s://h.test"], ...written });
  });

  it("never puts the token into the config", () => {
    const options = { url: "https://h.test", protocol: "stream", token: "s3cret" } as const;
    expect(JSON.stringify(resolveOptions(options)())).not.toContain("s3cret");
  });

  it("resolves addresses against the page and takes http for ws and back", () => {
    vi.stubGlobal("location", new URL("http://page.test:8080/app/index.html"));
    expect(config({ url: ["/base/", "ws://other.test/x", new URL("https://third.test")] }).urls).toEqual([
      "://page.test:8080/base",
      "://other.test/x",
      "s://third.test",
    ]);
  });

  it("forces secure sockets on a secure page", () => {
    vi.stubGlobal("location", new URL("https://page.test"));
    expect(config({ url: "http://h.test" }).urls).toEqual(["s://h.test"]);
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
    [{ url: "/", protocol: "socket.io", tokenIn: "message" }, "tokenIn"],
    [{ url: "/", protocol: "socket.io", namespace: "jobs" }, "namespace"],
    [{ url: "/", protocol: "socket.io", namespace: "/a,b" }, "namespace"],
    [{ url: "/", protocol: "socket.io", namespace: "/a\nb" }, "namespace"],
    [{ url: "/", protocol: "socket.io", transports: [] }, "transports"],
    [{ url: "/", protocol: "socket.io", transports: ["webtransport"] }, "transports"],
    [{ url: "/", protocol: "socket.io", transports: ["polling", "polling"] }, "transports"],
    [{ url: "/", protocol: "socket.io", subscribe: { event: "e", data: new Uint8Array(1) } }, "subscribe"],
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
    [{ url: "/", protocol: "stream", shareAcrossTabs: "" }, "shareAcrossTabs"],
    [{ url: "/", protocol: "stream", shareAcrossTabs: null }, "shareAcrossTabs"],
    [{ url: "/", protocol: "stream", shareAcrossTabs: 4711 }, "shareAcrossTabs"],
    [{ url: "/", protocol: "broadcast", tokenIn: "auth" }, "tokenIn"],
    [{ url: "/", protocol: "broadcast", map: "jobs" }, "map"],
    [{ url: "/", protocol: "broadcast", map: { names: {} } }, "map"],
    [{ url: "/", protocol: "broadcast", map: { fields: "job" } }, "map.fields"],
    [{ url: "/", protocol: "broadcast", map: { fields: { jobId: 1 } } }, "map.fields.jobId"],
    [{ url: "/", protocol: "broadcast", map: { events: { done: "" } } }, "map.events.done"],
    [{ url: "/", protocol: "broadcast", intervals: 1000 }, "intervals"],
    [{ url: "/", protocol: "broadcast", intervals: { metric_update: -1 } }, "intervals.metric_update"],
    [{ url: "/", protocol: "broadcast", intervals: { metric_update: Infinity } }, "intervals.metric_update"],
    [{ url: "/", protocol: "broadcast", intervals: { headers: NaN } }, "intervals.headers"],
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

  it.each([
    ["stream", { namespace: "/jobs" }],
    ["stream", { transports: ["polling"] }],
    ["stream", { map: {} }],
    ["stream", { intervals: {} }],
    ["broadcast", { namespace: "/jobs" }],
    ["broadcast", { transports: ["polling"] }],
    ["socket.io", { map: {} }],
    ["socket.io", { intervals: {} }],
  ])("has, with %s, no %j", (protocol, more) => {
    const error = refusal({ url: "/", protocol, ...more });
    const [name] = Object.keys(more);
    expect(error.code).toBe("config");
    expect(error.message).toBe(`The option ${name} takes no value with the protocol "${protocol}".`);
  });

  const HEADERS = { url: "/x", headers: () => ({}) };
  it.each([
    ["a token", "token", { token: "let me in" }],
    ["a token function", "token", { token: () => "let me in" }],
    ["headers", "polling.headers", { polling: HEADERS }],
  ])("shares %s with other tabs only where it is said whose it is", (_, name, more) => {
    for (const protocol of ["stream", "broadcast", "socket.io"]) {
      const options = { url: "/", protocol, ...more };
      const error = refusal({ ...options, shareAcrossTabs: true });
      expect(error.code).toBe("config");
      expect(error.message).toContain(`shareAcrossTabs takes the user's id where there is ${name}`);
      expect(error.remedy).toBe("Give shareAcrossTabs the user's id.");
      expect(error.message + error.remedy).not.toContain("let me in");
      for (const shareAcrossTabs of [undefined, false, "user 1"])
        expect(() => resolveOptions({ ...options, shareAcrossTabs } as never)).not.toThrow();
    }
  });

  it("does not repeat credentials of an address", () => {
    const error = refusal({ url: "https://me:pa55word@h.test", protocol: "stream" });
    expect(error.message + error.remedy).not.toContain("pa55word");
  });
});
