import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import { HANDSHAKE, rawRequest, requestHead } from "../../tests/attacks/support/raw-request.mjs";
import { createAccess } from "./access.mjs";
import { createGuardedServer } from "./guard.mjs";
import { readLimits } from "./limits.mjs";
import { testServer } from "./testing.mjs";

const server = await testServer();
const LOCAL = { Host: "127.0.0.1" };

/** @param {string} line @param {Record<string, string>} [headers] */
const ask = (line, headers = LOCAL) =>
  rawRequest(server.url, requestHead(line, { Connection: "close", ...headers }));

/** @param {string} target @param {Record<string, string>} [headers] */
const shake = (target, headers = LOCAL) =>
  rawRequest(server.url, requestHead(`GET ${target} HTTP/1.1`, { ...headers, ...HANDSHAKE }), {
    until: (text) => text.includes("\r\n\r\n"),
  });

describe("the guard", () => {
  it("answers targets that are no path with 400, in requests and in handshakes", async () => {
    for (const target of ["*", "http://", "http://127.0.0.1/", "ws://[", "?", "x"]) {
      assert.equal((await ask(`GET ${target} HTTP/1.1`)).status, 400, target);
      assert.equal((await shake(target)).status, 400, target);
    }
  });

  it("takes a path that looks like a host for a path", async () => {
    for (const target of ["//", "///", "//[", "//:", "//evil.example:99999/", "/\\", "//%"]) {
      assert.ok([400, 404].includes((await ask(`GET ${target} HTTP/1.1`)).status ?? 0), target);
      assert.equal((await shake(target)).status, 404, target);
    }
    assert.equal((await server.call("/healthz")).text, "ok");
  });

  it("refuses host names and origins that are not meant, in requests and in handshakes", async () => {
    const foreign = [{ Host: "evil.example" }, { ...LOCAL, Origin: "https://evil.example" }];
    for (const headers of [...foreign, { ...LOCAL, Origin: "null" }, { Host: "evil.example:8787" }]) {
      for (const line of ["GET / HTTP/1.1", "GET /api/jobs HTTP/1.1", "OPTIONS /api/v1/jobs HTTP/1.1"])
        assert.equal((await ask(line, headers)).status, 403, line);
      const upload = await ask("POST /api/v1/jobs HTTP/1.1", { ...headers, "Content-Length": "0" });
      assert.equal(upload.status, 403);
      assert.ok(!/Access-Control/i.test(upload.text));
      for (const target of ["/api/v1/stream", "/", "/ws", "/api/images_mvp/progress/a"])
        assert.equal((await shake(target, headers)).status, 403, target);
      const polling = "/socket.io/?EIO=4&transport=polling";
      assert.equal((await ask(`GET ${polling} HTTP/1.1`, headers)).status, 403);
      assert.equal((await shake("/socket.io/?EIO=4&transport=websocket", headers)).status, 403);
    }
    const twice =
      "GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    assert.ok([400, 403].includes((await rawRequest(server.url, twice)).status ?? 0));
  });

  it("answers pages of meant origins with their origin, and asks for it before they send more", async () => {
    const headers = { ...LOCAL, Origin: "http://localhost:5173" };
    const preflight = await ask("OPTIONS /api/v1/jobs HTTP/1.1", headers);
    assert.equal(preflight.status, 204);
    for (const answer of [preflight, await ask("GET /api/jobs HTTP/1.1", headers)]) {
      assert.match(answer.text, /^Access-Control-Allow-Origin: http:\/\/localhost:5173\r$/m);
      assert.match(answer.text, /^Vary: Origin\r$/m);
    }
    assert.ok(!/Access-Control/i.test((await ask("GET /api/jobs HTTP/1.1")).text));
    assert.equal((await shake("/api/v1/stream", headers)).status, 101);
  });

  it("answers a handshake whose handler throws, and goes on", async () => {
    const guarded = createGuardedServer({
      access: createAccess({ host: "127.0.0.1", allowedHosts: [], allowedOrigins: [] }),
      limits: readLimits({}),
      onRequest: () => {
        throw new Error("as a mistake would");
      },
      onUpgrade: () => {
        throw new Error("as a mistake would");
      },
    });
    guarded.listen(0, "127.0.0.1");
    await once(guarded, "listening");
    const { port } = /** @type {import("node:net").AddressInfo} */ (guarded.address());
    const log = console.error;
    console.error = () => {};
    for (const headers of [HANDSHAKE, { Connection: "close" }]) {
      const head = requestHead("GET / HTTP/1.1", { ...LOCAL, ...headers });
      const { status, text } = await rawRequest(`http://127.0.0.1:${port}`, head);
      assert.equal(status, 500);
      assert.ok(!text.includes("mistake"));
    }
    console.error = log;
    guarded.closeAllConnections();
    guarded.close();
  });
});

describe("a slow client", async () => {
  const hasty = await testServer({ headersMs: 100, idleMs: 200, bodyMs: 600 });
  /** @param {string} path @param {Record<string, string>} [more] */
  const head = (path, more = {}) =>
    requestHead(`POST ${path} HTTP/1.1`, { ...LOCAL, "Content-Length": "10000", ...more });
  const PATHS = [
    "/api/v1/jobs",
    "/api/jobs",
    "/api/playlists/import",
    "/api/analysis/notify",
    "/api/v1/_synthetic",
  ];

  it("is left when its headers do not come", async () => {
    const drip = Array.from({ length: 100 }, (_, index) => `X-${index}: 1\r\n`);
    const answer = await rawRequest(hasty.url, ["GET / HTTP/1.1\r\n", ...drip], { pauseMs: 100 });
    assert.deepEqual([answer.status, answer.ended], [408, "end"]);
  });

  it("is answered when its body stops", async () => {
    for (const path of PATHS) {
      const { status, text, ended } = await rawRequest(hasty.url, [head(path), "some of it"]);
      assert.deepEqual([status, ended], [408, "end"], path);
      assert.match(text, /Nothing of the body came for 200 ms/);
    }
    const form = { "Content-Type": "multipart/form-data; boundary=x" };
    for (const path of ["/api/analysis/jobs", "/api/images_mvp/extract"]) {
      const begin = '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nsome of it';
      assert.equal((await rawRequest(hasty.url, [head(path, form), begin])).status, 408, path);
    }
    assert.equal(
      (await rawRequest(hasty.url, [head("/socket.io/?EIO=4&transport=polling&sid=x")])).ended,
      "end",
    );
  });

  it("is answered when its body takes too long", async () => {
    const drip = Array.from({ length: 100 }, () => "x");
    const { status, text } = await rawRequest(hasty.url, [head("/api/v1/jobs"), ...drip], { pauseMs: 50 });
    assert.equal(status, 408);
    assert.match(text, /The body takes longer than 600 ms/);
  });

  it("does not go on sending after a refusal", async () => {
    const endless = Array.from({ length: 1_000 }, () => "x".repeat(1_000));
    const began = performance.now();
    const form = { "Content-Type": "multipart/form-data; boundary=x", "Content-Length": "2000000000" };
    const answer = await rawRequest(server.url, [head("/api/images_mvp/extract", form), ...endless], {
      pauseMs: 20,
      timeoutMs: 30_000,
    });
    assert.equal(answer.status, 413);
    assert.ok(performance.now() - began < 20_000, "the connection was ended");
  });
});
