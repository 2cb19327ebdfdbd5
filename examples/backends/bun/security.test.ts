import { afterAll, describe, expect, it } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { analyse } from "./analysis.mjs";
import { Backend, NOTIFY_TOKEN, Watcher } from "./backend.ts";
import { sampleWav } from "./make-sample.mjs";
import { readSettings } from "./settings.ts";
import { Store } from "./store.ts";

const GOOD = sampleWav({ seconds: 1, bpm: 100 });
const HOSTS = [
  "evil.example",
  "evil.example:80",
  "127.0.0.1.evil.example",
  "localhost@evil.example",
  "[::1",
  "a,b",
];
const ORIGINS = [
  ...["http://evil.example", "https://localhost.evil.example", "http://127.0.0.1@evil.example", "null"],
  ...["http://localhost/", "file://", "http://[", "http://evil.example#localhost"],
];

const server = await new Backend({}).start();

/** Sends pieces of a request, 100 ms apart, and reads until there is an answer or two seconds have passed. */
function raw(to: Backend, ...pieces: string[]): Promise<string> {
  const { hostname, port } = new URL(to.url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    let answer = "";
    const end = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(end, 2_000 + 100 * pieces.length);
    socket.on("data", (bytes) => {
      answer += bytes.toString("latin1");
      setTimeout(end, 100);
    });
    for (const event of ["end", "close", "error"]) socket.on(event, end);
    socket.on("connect", async () => {
      for (const piece of pieces) {
        if (answer !== "" || socket.destroyed) return;
        socket.write(piece);
        await Bun.sleep(100);
      }
    });
  });
}

const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
const HANDSHAKE =
  "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

describe("a request", () => {
  for (const host of HOSTS) {
    it(`under the name ${host} is refused`, async () => {
      for (const line of ["GET /healthz", "GET /jobs/1", "POST /notify", "GET /_control/state"]) {
        const head = `${line} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\n`;
        expect([400, 403]).toContain(statusOf(await raw(server, `${head}Connection: close\r\n\r\n`)));
      }
      const handshake = await raw(server, `GET / HTTP/1.1\r\nHost: ${host}\r\n${HANDSHAKE}\r\n`);
      expect([400, 403]).toContain(statusOf(handshake));
    });
  }

  for (const origin of ORIGINS) {
    it(`of a page of ${origin} is refused`, async () => {
      const headers = { Origin: origin, Authorization: `Bearer ${NOTIFY_TOKEN}` };
      for (const [method, path] of [
        ["GET", "/jobs/1"],
        ["POST", "/jobs"],
        ["POST", "/notify"],
        ["POST", "/_control/cut"],
        ["OPTIONS", "/jobs"],
      ] as const) {
        const response = await fetch(server.url + path, { method, headers });
        expect([response.status, response.headers.get("access-control-allow-origin")]).toEqual([403, null]);
      }
      expect(server.watch("/", { Origin: origin })).rejects.toThrow(/No connection/);
    });
  }

  it("of pages that are meant passes, and so does one under a name that is meant", async () => {
    const meant = await new Backend({
      JOBWIRE_ALLOWED_HOSTS: "api.example",
      JOBWIRE_ALLOWED_ORIGINS: "https://app.example, https://b.example:8443",
    }).start();
    for (const origin of [
      "https://app.example",
      "https://b.example:8443",
      "http://localhost:3",
      "http://[::1]",
    ]) {
      const response = await fetch(`${meant.url}/jobs/1`, { headers: { Origin: origin } });
      expect(response.headers.get("access-control-allow-origin")).toBe(origin);
      expect([response.status, response.headers.get("vary")]).toEqual([404, "Origin"]);
      await meant.watch("/", { Origin: origin });
    }
    for (const origin of ["https://b.example", "http://app.example", "https://api.example"]) {
      expect((await fetch(`${meant.url}/jobs/1`, { headers: { Origin: origin } })).status).toBe(403);
    }
    for (const host of ["api.example", "API.example:1", "localhost:2", "[::1]:3"]) {
      const answer = await raw(meant, `GET /healthz HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      expect(statusOf(answer)).toBe(200);
    }
  });

  it("for a fault is answered only where that was asked for, on this machine", async () => {
    const usual = await new Backend({ JOBWIRE_CONTROL: "" }).start();
    expect((await usual.call("/_control/state")).status).toBe(404);
    const asked = await new Backend({ JOBWIRE_ALLOWED_HOSTS: "api.example" }).start();
    expect((await asked.call("/_control/state")).status).toBe(200);
    for (const [name, value] of [
      ["X-Forwarded-For", "192.0.2.1"],
      ["Forwarded", "for=192.0.2.1"],
    ] as const) {
      const headers = { [name]: value };
      expect((await asked.call("/_control/state", { headers })).status).toBe(403);
    }
    const named = "GET /_control/state HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n\r\n";
    expect(statusOf(await raw(asked, named))).toBe(403);
  });

  for (const path of [
    "..",
    "%2e%2e",
    "..%2f..%2fetc%2fpasswd",
    "%252e%252e%252f",
    "..%5c..%5c",
    "%00",
    "1e999",
    "%",
  ]) {
    it(`for the job ${path} finds nothing`, async () => {
      const answer = await raw(
        server,
        `GET /jobs/${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
      );
      expect([400, 404, 200]).toContain(statusOf(answer));
      expect(answer).not.toContain("root:");
    });
  }
});

describe("a notice", () => {
  it("needs the worker's token, which is made where none is given", async () => {
    const notice = { jobId: 1, status: "completed" };
    expect((await server.post("/notify", notice)).status).toBe(401);
    expect((await server.call("/notify?token=the-workers-own", { method: "POST", body: "{}" })).status).toBe(
      401,
    );
    expect((await server.notify(notice, "the-workers-owN")).status).toBe(401);
    const [first, second] = [readSettings({}, []), readSettings({}, [])];
    expect(first.notifyToken).toMatch(/^[0-9a-f]{64}$/);
    expect(first.notifyToken).not.toBe(second.notifyToken);
    const alone = await new Backend({ NOTIFY_TOKEN: "" }).start();
    const watcher = await alone.watch();
    const { jobId } = (await alone.send([GOOD])).body;
    expect((await watcher.end(jobId)).at(-1).status).toBe("completed");
  });

  it("has a bound", async () => {
    const large = { jobId: 1, status: "x".repeat(70_000) };
    expect((await server.notify(large)).status).toBe(413);
    expect((await server.notify("[".repeat(60_000))).status).toBe(400);
  });
});

describe("an upload", () => {
  const head = "POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\n";

  it("is ended when it is slow, and refused when there are too many at a time", async () => {
    const strict = await new Backend({
      JOBWIRE_UPLOAD_IDLE_MS: "400",
      JOBWIRE_UPLOAD_MS: "1200",
      JOBWIRE_MAX_UPLOADS: "2",
    }).start();
    const slow = `${head}Content-Length: 1000\r\n\r\n`;
    expect(statusOf(await raw(strict, slow, "x"))).toBe(408);
    expect(statusOf(await raw(strict, slow, ..."x".repeat(30)))).toBe(408);
    const three = await Promise.all([1, 2, 3].map(() => raw(strict, slow, "x")));
    expect(three.map(statusOf).sort()).toEqual([408, 408, 503]);
    expect((await strict.send([GOOD])).status).toBe(202);
  });

  it("has a bound, and so have all that wait for the worker", async () => {
    const small = await new Backend({
      JOBWIRE_MAX_UPLOAD_BYTES: String(GOOD.length * 2),
      JOBWIRE_MAX_STORED_BYTES: String(GOOD.length * 3),
    }).start();
    expect((await small.send([GOOD, GOOD, GOOD])).status).toBe(413);
    const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n`;
    const chunk = `8000\r\n${"x".repeat(0x8000)}\r\n`;
    expect([413, 400]).toContain(statusOf(await raw(small, chunked, chunk, chunk, chunk)));
    const codes = [];
    for (let count = 0; count < 8; count += 1) codes.push((await small.send([GOOD], "?pace=5000")).status);
    // Two wait. A third one has room when the worker has taken the first, which it may do between any two of these.
    const accepted = codes.filter((code) => code === 202).length;
    expect([2, 3]).toContain(accepted);
    expect(codes.filter((code) => code === 503).length).toBe(codes.length - accepted);
    expect(codes[0]).toBe(202);
  });

  it("of a form with a million fields is refused without making them", async () => {
    const field = '--b\r\nContent-Disposition: form-data; name="tracks"; filename="a"\r\n\r\n\r\n';
    const headers = { "Content-Type": "multipart/form-data; boundary=b" };
    const body = field.repeat(100_000);
    const { status } = await server.call("/jobs", { method: "POST", headers, body });
    expect(status).toBe(400);
    for (const type of [
      "multipart/form-data",
      "multipart/form-data; boundary=",
      "text/plain",
      "multipart/form-data;a",
    ]) {
      const answer = await server.call("/jobs", {
        method: "POST",
        headers: { "Content-Type": type },
        body: "x",
      });
      expect(answer.status).toBe(400);
    }
  });
});

describe("a socket", () => {
  it("is refused where there are as many as allowed", async () => {
    const few = await new Backend({ JOBWIRE_MAX_SOCKETS: "2" }).start();
    await few.watch();
    await few.watch();
    expect(few.watch()).rejects.toThrow(/No connection/);
    expect((await few.call("/healthz")).body).toBe("ok");
  });

  it("that sends a giant or broken message is closed alone", async () => {
    const [greedy, bystander] = [await server.watch(), await server.watch()];
    greedy.send("x".repeat(200_000));
    expect(await greedy.closed).not.toBe(1000);
    bystander.send({ type: "ping" });
    await bystander.until(() => bystander.frames.length > 0);
    expect(bystander).toBeInstanceOf(Watcher);
  });
});

describe("work", () => {
  const folder = mkdtempSync(join(tmpdir(), "jobwire-security-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  it("on a recording of absurd shape or without an end is given up", async () => {
    const path = join(folder, "odd.wav");
    for (const rate of [1, 0xffffffff]) {
      const odd = Buffer.from(GOOD);
      odd.writeUInt32LE(rate, 24);
      await Bun.write(path, odd);
      expect(() => analyse(path)).toThrow(/samples a second/);
    }
    await Bun.write(path, GOOD);
    expect(() => analyse(path, -1)).toThrow(/too long/);
  });

  it("that is done long ago is forgotten", () => {
    const store = new Store(folder);
    const options = { pace: 0, fail: false, total: true };
    const ids = Array.from({ length: 1_005 }, () => store.create(["a"], options).jobId);
    for (const id of ids) store.setStatus(id, "completed");
    store.create(["a"], options);
    expect(ids.map((id) => store.job(id)).filter(Boolean).length).toBe(1_000);
    expect(store.tracks(ids[0] ?? 0)).toEqual([]);
    store.close();
  });
});
