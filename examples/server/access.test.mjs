import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { random, TARGETS } from "../../tests/attacks/support/generate.mjs";
import { createAccess, isLocal } from "./access.mjs";
import { isLoopbackAddress, isLoopbackName, parseHost, parseTarget } from "./address.mjs";
import { readConfig } from "./config.mjs";
import { list } from "./settings.mjs";
import { testServer } from "./testing.mjs";

describe("a request target", () => {
  it("is a path and a query, whatever it looks like", () => {
    for (const [target, pathname, search] of [
      ["/", "/", ""],
      ["//", "//", ""],
      ["//evil.example/x?y", "//evil.example/x", "?y"],
      ["/a?b=//c", "/a", "?b=//c"],
      ["/..\\..\\x", "/x", ""],
      ["/%", "/%", ""],
    ]) {
      const url = parseTarget(target);
      assert.deepEqual([url?.host, url?.pathname, url?.search], ["localhost", pathname, search], target);
    }
  });

  it("has no other form", () => {
    for (const target of [undefined, "", "*", "?", "http://localhost/", "\0/", "a/b", "\\", "ws://x/"])
      assert.equal(parseTarget(target), undefined, target);
  });

  it("never throws", () => {
    const chance = random(1);
    for (let round = 0; round < 20_000; round += 1) {
      const bytes = Array.from({ length: chance.integer(40) }, () => chance.integer(256));
      const text = String.fromCharCode(...bytes);
      for (const target of [text, `/${text}`, `//${text}`, chance.pick(TARGETS) + text]) {
        const url = parseTarget(target);
        if (url) assert.equal(url.host, "localhost");
        parseHost(target);
      }
    }
  });
});

describe("the name of a host", () => {
  it("is read without its port", () => {
    assert.equal(parseHost("LOCALHOST:80"), "localhost");
    assert.equal(parseHost("[::1]:8787"), "[::1]");
    assert.equal(parseHost("example.com."), "example.com");
    for (const header of [undefined, "", "a,b", "a:b", "a@b", "a/b", "[::1", "a b", "a:123456", "\0", "é"])
      assert.equal(parseHost(header), undefined, header);
  });

  it("is that of this machine or it is not", () => {
    for (const name of ["localhost", "127.0.0.1", "127.255.1.2", "[::1]"])
      assert.ok(isLoopbackName(name), name);
    for (const name of [
      "localhost.example",
      "127.0.0.1.example",
      "1127.0.0.1",
      "0.0.0.0",
      "[::]",
      "[::2]",
      "",
    ])
      assert.ok(!isLoopbackName(name), name);
    assert.ok(isLoopbackAddress("::ffff:127.0.0.1"));
    assert.ok(!isLoopbackAddress("::ffff:10.0.0.1"));
  });
});

describe("access", () => {
  const access = createAccess({
    host: "127.0.0.1",
    allowedHosts: list("jobs.example, Other.Example"),
    allowedOrigins: ["https://app.example"],
  });
  /** @param {string} host @param {string} [origin] */
  const refused = (host, origin) => access.refusal({ host, origin });

  it("is for loopback names and those that are named, on every port", () => {
    for (const host of ["127.0.0.1:8787", "localhost", "[::1]:1", "jobs.example", "other.example:8080"])
      assert.equal(refused(host), undefined, host);
    for (const host of ["evil.example", "jobs.example.evil", "jobs.example,localhost", "10.0.0.7", ""])
      assert.match(refused(host) ?? "", /JOBWIRE_ALLOWED_HOSTS/, host);
  });

  it("is for loopback pages, those of the origins that are named, and the server's own", () => {
    for (const origin of [
      "http://localhost:5173",
      "http://127.0.0.1",
      "https://[::1]:3",
      "https://app.example",
    ])
      assert.equal(refused("localhost", origin), undefined, origin);
    assert.equal(refused("jobs.example", "https://jobs.example"), undefined);
    assert.equal(refused("localhost"), undefined);
    const foreign = ["null", "", "https://evil.example", "http://app.example", "https://app.example.evil"];
    foreign.push("file://", "https://app.example, https://evil.example", "http://localhost@evil.example");
    foreign.push("http://localhost.evil.example", "chrome-extension://localhost", "https://app.example:8443");
    for (const origin of foreign)
      assert.match(refused("localhost", origin) ?? "", /JOBWIRE_ALLOWED_ORIGINS/, origin);
  });

  it("names one origin in CORS, never all", () => {
    assert.equal(
      access.corsHeaders("https://app.example")["Access-Control-Allow-Origin"],
      "https://app.example",
    );
    for (const origin of [undefined, "null", "https://evil.example"])
      assert.deepEqual(access.corsHeaders(origin), { Vary: "Origin" });
  });
});

describe("a request of this machine", () => {
  /** @param {string} address @param {Record<string, string>} headers */
  const local = (address, headers) =>
    isLocal(
      /** @type {any} */ ({
        socket: { remoteAddress: address },
        headers,
        headersDistinct: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
      }),
    );

  it("comes from it, names it, and from none of its proxies", () => {
    assert.ok(local("127.0.0.1", { host: "localhost:8787" }));
    assert.ok(local("::1", { host: "[::1]:8787", origin: "http://localhost:5173" }));
    assert.ok(!local("10.0.0.7", { host: "localhost" }));
    assert.ok(!local("127.0.0.1", { host: "jobs.example" }));
    assert.ok(!local("127.0.0.1", { host: "localhost", origin: "https://app.example" }));
    assert.ok(!local("127.0.0.1", { host: "localhost", "x-forwarded-for": "10.0.0.7" }));
    assert.ok(!local("127.0.0.1", { host: "localhost", forwarded: "for=10.0.0.7" }));
  });
});

describe("faults on purpose", () => {
  const PATHS = [
    "/api/v1/_control/state",
    "/api/v1/_load",
    "/api/analysis/_control/state",
    "/api/playlists/_control/state",
    "/api/images_mvp/_control/state",
  ];

  it("are off unless they are asked for", async () => {
    const server = await testServer({ control: readConfig({}).control });
    for (const path of PATHS) assert.equal((await server.call(path)).status, 404, path);
  });

  it("are for this machine only", async () => {
    const server = await testServer({ allowedOrigins: ["https://app.example"] });
    for (const path of PATHS) {
      assert.equal((await server.call(path)).status, 200, path);
      /** @type {Record<string, string>[]} */
      const elsewhere = [{ Origin: "https://app.example" }, { "X-Forwarded-For": "10.0.0.7" }];
      for (const headers of elsewhere) {
        const refused = await server.call(path, { headers });
        assert.deepEqual(
          [refused.status, refused.body.detail],
          [403, "This is only for the machine that the server runs on."],
        );
      }
    }
  });
});
