/** The attacks that every back-end has to survive, as tests. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { malformedRequests } from "./generate.mjs";
import { residentBytes } from "./memory.mjs";
import { HANDSHAKE, rawRequest, requestHead } from "./raw-request.mjs";

/** @typedef {import("../../e2e/support/backend.mjs").Backend} Backend */
/**
 * @typedef {object} Target
 * @property {string} name
 * @property {(env: Record<string, string>) => Promise<Backend>} start
 * @property {string} health a path that is answered with 200
 * @property {string} socket where WebSockets are opened
 * @property {string} upload where files are sent, with the method POST
 * @property {Record<string, string>} uploadHeaders
 * @property {readonly string[]} paths where the rest of the path names something; it is appended to these
 * @property {readonly string[]} closed requests that pages of other sites must not make, such as `POST /jobs`
 */

const MIB = 1024 * 1024;
const SEED = 10;
const REQUESTS = 600;
const AT_ONCE = 12;
/** Of all processes of a back-end together. */
const MAX_GROWTH = 400 * MIB;
/** A busy machine starts threads slowly; a server that hangs does not answer at all. */
const PATIENCE_MS = 30_000;

const OUTSIDE = [
  "../../../../../../etc/passwd",
  "..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
  "%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
  "%252e%252e%252f%252e%252e%252fetc%252fpasswd",
  "..%5c..%5c..%5c..%5cetc%5cpasswd",
  "..\\..\\..\\..\\etc\\passwd",
  "%2fetc%2fpasswd",
  "/etc/passwd",
  "%00/etc/passwd",
  "x%00",
  "%",
  "%zz",
  "%ff%fe",
];
const FOREIGN_HOSTS = ["evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "evil.example:80"];
const FOREIGN_ORIGINS = ["http://evil.example", "https://localhost.evil.example", "null", "file://"];

/** The processes that descend from one. @param {number} pid */
async function family(pid) {
  const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pid=,ppid=,comm="]);
  const rows = stdout
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/));
  const found = new Set([String(pid)]);
  for (let size = 0; size !== found.size;) {
    size = found.size;
    for (const [one = "", parent = "", command] of rows)
      if (found.has(parent) && command !== "ps") found.add(one);
  }
  return [...found].sort();
}

/**
 * Runs work on all items, a few at a time.
 * @template Item
 * @param {Iterable<Item>} items
 * @param {(item: Item) => Promise<void>} work
 */
async function each(items, work) {
  const iterator = items[Symbol.iterator]();
  const worker = async () => {
    for (let next = iterator.next(); !next.done; next = iterator.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** @param {number | undefined} status */
const isRefusal = (status) => status !== undefined && status >= 400 && status < 500;

/**
 * Declares the tests of one back-end.
 * @param {Target} target
 */
export function attackServer({ name, start, health, socket, upload, uploadHeaders, paths, closed }) {
  describe(`${name} under attack`, () => {
    /** @type {Backend} */
    let server;
    /** @type {string[]} */
    let processes;
    let memory = 0;
    const pid = () => /** @type {number} */ (server.pid);

    before(async () => {
      server = await start({
        JOBWIRE_HEADERS_MS: "1000",
        JOBWIRE_UPLOAD_IDLE_MS: "1000",
        JOBWIRE_UPLOAD_MS: "3000",
        JOBWIRE_MAX_UPLOADS: "4",
      });
      processes = await family(pid());
      memory = await residentBytes(pid());
    });
    after(() => server.kill());

    /** Fails where a process died, even if another one has taken its place. */
    async function survives() {
      for (const url of server.urls) {
        const response = await fetch(url + health, { signal: AbortSignal.timeout(PATIENCE_MS) });
        assert.equal(response.status, 200);
      }
      assert.deepEqual(await family(pid()), processes);
      const growth = (await residentBytes(pid())) - memory;
      assert.ok(growth < MAX_GROWTH, `${Math.round(growth / MIB)} MiB more than before`);
    }

    /** @param {string} line @param {Record<string, string>} [headers] @param {number} [timeoutMs] */
    const ask = (line, headers = {}, timeoutMs = PATIENCE_MS) =>
      rawRequest(
        server.url,
        requestHead(`${line} HTTP/1.1`, { Host: "127.0.0.1", Connection: "close", ...headers }),
        { timeoutMs, until: (text) => text.includes("\r\n\r\n") },
      );

    it("malformed request lines, headers and handshakes end no process", async () => {
      const targets = [socket, upload, ...paths, `/${socket}`, `${socket}?token=%`, `${upload}?pace=%00`];
      await each(malformedRequests(SEED, REQUESTS, targets), async (bytes) => {
        await rawRequest(server.url, bytes, {
          timeoutMs: 3_000,
          until: (text) => text.includes("\r\n\r\n"),
        });
      });
      await survives();
    });

    it("giant headers are refused or the connection is closed", async () => {
      for (const headers of [
        { "X-Large": "x".repeat(2 * MIB) },
        Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`X-${index}`, "x"])),
        { "Sec-WebSocket-Protocol": "a,".repeat(100_000) },
      ]) {
        const answer = await ask(`GET ${socket}`, { ...HANDSHAKE, ...headers });
        assert.ok(answer.ended !== "timeout" && (answer.status ?? 431) >= 400, `${answer.status}`);
      }
      const line = await ask(`GET /${"a/".repeat(MIB)}`);
      assert.ok(line.ended !== "timeout" && (line.status ?? 431) >= 400, `${line.status}`);
      await survives();
    });

    it("no path leads to a file of the machine", async () => {
      await each(
        paths.flatMap((path) => OUTSIDE.map((outside) => path + outside)),
        async (path) => {
          const answer = await rawRequest(
            server.url,
            requestHead(`GET ${path} HTTP/1.1`, { Host: "127.0.0.1", Connection: "close" }),
            { timeoutMs: PATIENCE_MS, until: (text) => text.includes("\r\n\r\n{") && text.endsWith("}") },
          );
          assert.doesNotMatch(answer.text, /root:.*:0:0:/, path);
          assert.ok(answer.status !== 200 && answer.ended !== "timeout", `${path}: ${answer.status}`);
        },
      );
      await survives();
    });

    it("a name that foreign DNS points at this machine is refused", async () => {
      for (const host of FOREIGN_HOSTS) {
        for (const line of [`GET ${health}`, ...closed]) {
          const { status } = await ask(line, { Host: host, "Content-Length": "0" });
          assert.ok(isRefusal(status), `${line} for ${host}: ${status}`);
        }
        assert.ok(isRefusal((await ask(`GET ${socket}`, { ...HANDSHAKE, Host: host })).status), host);
      }
      await survives();
    });

    it("pages of other sites can neither ask, send, nor open sockets", async () => {
      for (const origin of FOREIGN_ORIGINS) {
        for (const line of closed) {
          const { status, text } = await ask(line, { Origin: origin, "Content-Length": "0" });
          assert.equal(status, 403, `${line} of ${origin}`);
          assert.doesNotMatch(text, /access-control-allow-origin/i);
        }
        assert.equal((await ask(`GET ${socket}`, { ...HANDSHAKE, Origin: origin })).status, 403);
      }
      const own = await ask(`GET ${socket}`, { ...HANDSHAKE, Origin: "http://localhost:5173" });
      assert.equal(own.status, 101);
      await survives();
    });

    it("uploads that are slow, endless or too many take neither memory nor time", async () => {
      const head = (/** @type {Record<string, string>} */ headers) =>
        requestHead(`POST ${upload} HTTP/1.1`, { Host: "127.0.0.1", ...uploadHeaders, ...headers });
      const slow = Array.from({ length: 16 }, () =>
        rawRequest(server.url, [head({ "Content-Length": "100000" }), ..."x".repeat(60)], {
          pauseMs: 100,
          timeoutMs: PATIENCE_MS,
          until: (text) => text.includes("\r\n\r\n"),
        }),
      );
      const chunk = Buffer.concat([
        Buffer.from("80000\r\n"),
        Buffer.alloc(MIB / 2, "x"),
        Buffer.from("\r\n"),
      ]);
      const endless = rawRequest(
        server.url,
        [head({ "Transfer-Encoding": "chunked" }), ...Array.from({ length: 120 }, () => chunk)],
        { timeoutMs: PATIENCE_MS, pauseMs: 5, until: (text) => text.includes("\r\n\r\n") },
      );
      for (const answer of await Promise.all(slow)) {
        assert.ok([400, 408, 503, undefined].includes(answer.status), `${answer.status}`);
        assert.notEqual(answer.ended, "timeout");
      }
      assert.ok((await endless).ended !== "timeout");
      for (const length of ["99999999999999999999", "-1", "1e3", "0x10"]) {
        const { status } = await ask(`POST ${upload}`, { ...uploadHeaders, "Content-Length": length });
        assert.ok(status === undefined || status >= 400, `${length}: ${status}`);
      }
      await survives();
    });

    it("clients that never complete a request keep nobody else waiting", async () => {
      const partial = Array.from({ length: 100 }, () =>
        rawRequest(server.url, [`GET ${health} HTTP/1.1\r\n`, ..."X-Slow: y"], {
          pauseMs: 50,
          timeoutMs: PATIENCE_MS,
        }),
      );
      await survives();
      for (const { ended, status } of await Promise.all(partial)) {
        assert.notEqual(ended, "timeout");
        assert.notEqual(status, 200);
      }
    });

    it("frames of a WebSocket that are giant or broken end their own connection only", async () => {
      const shake = requestHead(`GET ${socket} HTTP/1.1`, { Host: "127.0.0.1", ...HANDSHAKE });
      const giant = Buffer.concat([
        Buffer.from([0x81, 0xff, 0x3f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4]),
        Buffer.alloc(4 * MIB, "x"),
      ]);
      for (const frame of [giant, Buffer.alloc(64, 0xff), Buffer.from([0x81, 0x05, 1, 2, 3, 4, 5])]) {
        const { text, ended } = await rawRequest(server.url, [shake, frame], {
          pauseMs: 300,
          timeoutMs: PATIENCE_MS,
        });
        assert.match(text, /^HTTP\/1\.1 101 /);
        assert.notEqual(ended, "timeout");
      }
      await survives();
    });
  });
}
