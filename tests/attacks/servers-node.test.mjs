/** The servers on Node against what somebody on the same network, or a page in the same browser, could send them. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { malformedRequests, oddRequests, random, TARGETS } from "./support/generate.mjs";
import { NodeServer } from "./support/node-server.mjs";
import { HANDSHAKE, rawRequest, requestHead } from "./support/raw-request.mjs";

/**
 * @typedef {object} Target
 * @property {string} main its program, relative to `examples`
 * @property {readonly string[]} sockets paths of its WebSockets
 * @property {readonly string[]} uploads paths that take a file as their body
 * @property {readonly string[]} forms paths that take a form with files
 * @property {string} control where its endpoints for faults are
 */

/** @type {Readonly<Record<string, Target>>} */
const SERVERS = {
  "the embedded server": {
    main: "server/main.mjs",
    sockets: ["/", "/ws", "/api/v1/stream", "/api/v1/jobs/a/stream", "/api/images_mvp/progress/a"],
    uploads: ["/api/v1/jobs", "/api/jobs", "/api/playlists/import"],
    forms: ["/api/analysis/jobs", "/api/images_mvp/extract"],
    control: "/api/v1/_control/state",
  },
  "the back-end on ws": {
    main: "backends/ws/main.mjs",
    sockets: ["/", "/ws"],
    uploads: ["/api/playlists/import"],
    forms: [],
    control: "/api/_control/state",
  },
  "the back-end on Express": {
    main: "backends/express/main.mjs",
    sockets: ["/api/images_mvp/progress/a"],
    uploads: [],
    forms: ["/api/images_mvp/extract"],
    control: "/api/images_mvp/_control/state",
  },
};

const SEED = 20_261_130;
const REQUESTS = 600;
const AT_ONCE = 10;
const MAX_MEMORY = 512 * 1024 ** 2;
const MAX_STORED = 8 * 1024 ** 2;
const LOCAL = { Host: "127.0.0.1" };
/** Short, so that what holds a connection is let go within the test. */
const HASTY = { JOBWIRE_HEADERS_MS: "1000", JOBWIRE_UPLOAD_IDLE_MS: "1000", JOBWIRE_UPLOAD_MS: "3000" };
const BOUNDED = { JOBWIRE_MAX_UPLOADS: "8", JOBWIRE_MAX_STORED_BYTES: String(MAX_STORED) };

/**
 * Does the work for each item, a few at the same time.
 * @template Item
 * @param {Iterable<Item>} items
 * @param {(item: Item) => Promise<void>} work
 */
async function forEach(items, work) {
  const iterator = items[Symbol.iterator]();
  const lane = async () => {
    for (let next = iterator.next(); !next.done; next = iterator.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

/** @param {string} target @param {Record<string, string>} [headers] */
const get = (target, headers = LOCAL) =>
  requestHead(`GET ${target} HTTP/1.1`, { ...headers, Connection: "close" });

/** @param {string} target @param {Record<string, string>} [headers] */
const handshake = (target, headers = LOCAL) =>
  requestHead(`GET ${target} HTTP/1.1`, { ...headers, ...HANDSHAKE });

const untilHead = { until: (/** @type {string} */ text) => text.includes("\r\n\r\n") };

/** @param {string} path @param {Record<string, string>} headers */
const post = (path, headers) => requestHead(`POST ${path} HTTP/1.1`, { ...LOCAL, ...headers });

const CHUNK = `10000\r\n${"x".repeat(0x10000)}\r\n`;
const PART = '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n';
const PARTS = '--x\r\nContent-Disposition: form-data; name="tracks"; filename="a"\r\n\r\n';
const FORM = { "Content-Type": "multipart/form-data; boundary=x" };
const CHUNKED = { "Transfer-Encoding": "chunked" };

for (const [name, target] of Object.entries(SERVERS)) {
  describe(name, async () => {
    const server = await new NodeServer(target.main, { ...HASTY, ...BOUNDED }).start();
    after(() => server.stop());
    const before = await server.memory();

    /** @param {import("node:test").TestContext} context */
    async function stands(context) {
      assert.ok(server.alive, server.complaints);
      assert.equal(await (await fetch(`${server.url}/healthz`)).text(), "ok");
      const now = await server.memory();
      context.diagnostic(`memory: ${Math.round(before / 1024 ** 2)} → ${Math.round(now / 1024 ** 2)} MiB`);
      assert.ok(now < MAX_MEMORY, `${now} bytes are resident`);
      assert.equal(server.complaints, "");
    }

    it(`survives ${REQUESTS} malformed requests, and as many odd ones`, async (context) => {
      const more = [...target.sockets, ...target.uploads, ...target.forms, target.control];
      /** @type {Map<string, number>} */
      const seen = new Map();
      const requests = [...malformedRequests(SEED, REQUESTS, more), ...oddRequests(SEED, REQUESTS, more)];
      await forEach(requests, async (bytes) => {
        const { status, ended } = await rawRequest(server.url, bytes, { timeoutMs: 1_500, ...untilHead });
        const key = String(status ?? ended);
        seen.set(key, (seen.get(key) ?? 0) + 1);
        assert.ok(status === undefined || status < 500, `${status}: ${bytes.toString("latin1")}`);
      });
      context.diagnostic([...seen].map(([key, count]) => `${key}: ${count}`).join(", "));
      await stands(context);
    });

    it("survives handshakes to whatever address", async (context) => {
      await forEach([...TARGETS, ...target.sockets.map((path) => `/${path}`)], async (path) => {
        const answer = await rawRequest(server.url, handshake(path), { timeoutMs: 5_000, ...untilHead });
        assert.ok(answer.status === undefined || answer.status < 500, `${path}: ${answer.text}`);
      });
      await stands(context);
    });

    it("survives sockets that send garbage instead of frames", async (context) => {
      const chance = random(SEED);
      const garbage = Array.from({ length: 60 }, () =>
        Buffer.from(Uint8Array.from({ length: 1 + chance.integer(200) }, () => chance.integer(256))),
      );
      await forEach(garbage, async (bytes) => {
        const pieces = [handshake(chance.pick(target.sockets)), bytes];
        await rawRequest(server.url, pieces, { timeoutMs: 300, pauseMs: 50 });
      });
      // A frame that says it has 2^62 bytes, and one of 1 MB that is sent.
      for (const head of ["\x81\xff\x40\0\0\0\0\0\0\0abcd", "\x81\xff\0\0\0\0\0\x10\0\0abcd"]) {
        const pieces = [handshake(target.sockets[0]), head, "x".repeat(1024 ** 2)];
        const { ended } = await rawRequest(server.url, pieces, { timeoutMs: 5_000, pauseMs: 50 });
        assert.notEqual(ended, "timeout");
      }
      await stands(context);
    });

    it("gives away no file of the machine", async (context) => {
      const up = ["../", "..%2f", "%2e%2e/", "..%5c", "..\\", "%252e%252e%252f", "..%c0%af", "....//"];
      const paths = up.flatMap((one) =>
        ["etc/passwd", "etc%2fpasswd"].map((file) => `/${one.repeat(12)}${file}`),
      );
      paths.push(
        "//etc/passwd",
        "/%2fetc%2fpasswd",
        "/etc/passwd%00.html",
        "/assets/..%2f..%2f..%2fmain.mjs",
      );
      await forEach(paths, async (path) => {
        const { text, status } = await rawRequest(server.url, get(path));
        assert.ok(!text.includes("root:") && !text.includes("startServer"), path);
        assert.ok(status !== undefined && status >= 400 && status < 500, `${path}: ${status}`);
      });
      await stands(context);
    });

    it("is of no use to foreign pages and under foreign names", async (context) => {
      const foreign = [
        { Host: "evil.example" },
        { Host: "127.0.0.1.evil.example:80" },
        { ...LOCAL, Origin: "https://evil.example" },
        { ...LOCAL, Origin: "http://localhost.evil.example" },
        { ...LOCAL, Origin: "null" },
      ];
      for (const headers of foreign) {
        for (const path of target.sockets)
          assert.equal((await rawRequest(server.url, handshake(path, headers), untilHead)).status, 403);
        for (const path of [...target.uploads, ...target.forms]) {
          const request = post(path, { ...headers, "Content-Length": "0", Connection: "close" });
          const { status, text } = await rawRequest(server.url, request);
          assert.equal(status, 403);
          assert.doesNotMatch(text, /access-control-allow/i);
        }
        for (const path of ["/", "/healthz", "/api/jobs", target.control])
          assert.equal((await rawRequest(server.url, get(path, headers))).status, 403);
      }
      await stands(context);
    });

    it("has no endpoints for faults unless they are asked for", async (context) => {
      assert.equal((await rawRequest(server.url, get(target.control))).status, 404);
      await stands(context);
    });

    it("lets go of uploads that stop, drip or have no end, and keeps nothing of them", async (context) => {
      const limits = { timeoutMs: 20_000, pauseMs: 5 };
      const endless = Array.from({ length: 300 }, () => CHUNK);
      const attacks = target.uploads.flatMap((path) => [
        [post(path, CHUNKED), ...endless],
        [post(path, { "Content-Length": "1000000000000" }), "x"],
        [post(path, { "Content-Length": "1000" }), ...Array.from({ length: 900 }, () => "x")],
        ...Array.from({ length: 20 }, () => [post(path, { "Content-Length": "1000" }), "x"]),
      ]);
      for (const path of target.forms) {
        for (const part of [PART, PARTS]) {
          attacks.push([
            post(path, { ...FORM, ...CHUNKED }),
            `${part.length.toString(16)}\r\n${part}\r\n`,
            ...endless,
          ]);
          attacks.push([post(path, { ...FORM, "Content-Length": "100000" }), part, "x"]);
        }
        attacks.push([post(path, { ...FORM, ...CHUNKED }), ...endless]);
      }
      let most = 0;
      await forEach(attacks, async (pieces) => {
        const { status, ended } = await rawRequest(server.url, pieces, limits);
        most = Math.max(most, server.storedBytes());
        assert.notEqual(ended, "timeout");
        assert.ok([undefined, 400, 408, 413, 429, 503].includes(status), String(status));
      });
      context.diagnostic(`most bytes on disk: ${most}`);
      assert.ok(most <= MAX_STORED, `${most} bytes were on disk`);
      while (server.storedBytes() > 0) await delay(50);
      await stands(context);
    });

    it("lets go of clients that send headers slowly", async (context) => {
      const drip = Array.from({ length: 200 }, (_, index) => `X-${index}: 1\r\n`);
      const slow = Array.from({ length: 50 }, () =>
        rawRequest(server.url, ["GET / HTTP/1.1\r\n", ...drip], { pauseMs: 100, timeoutMs: 30_000 }),
      );
      assert.equal((await rawRequest(server.url, get("/healthz"))).status, 200);
      for (const { ended } of await Promise.all(slow)) assert.notEqual(ended, "timeout");
      await stands(context);
    });
  });
}
