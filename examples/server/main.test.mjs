import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { rawRequest, requestHead } from "../../tests/attacks/support/raw-request.mjs";
import { testServer } from "./testing.mjs";

const MAIN = fileURLToPath(new URL("./main.mjs", import.meta.url));

/** @param {string[]} args @param {Record<string, string>} env */
function run(args, env = {}) {
  const child = spawn(process.execPath, [MAIN, ...args], { env: { ...process.env, ...env } });
  after(() => child.kill("SIGKILL"));
  return child;
}

describe("the command line", () => {
  it("says where it listens, and removes its temporary files when it ends", async () => {
    const temporary = mkdtempSync(join(tmpdir(), "jobwire-main-"));
    after(() => rmSync(temporary, { recursive: true }));
    const child = run([], { PORT: "0", TMPDIR: temporary });
    const [line] = await once(createInterface({ input: child.stdout }), "line");
    const [, url] = /^ready (http:\/\/127\.0\.0\.1:\d+)$/.exec(line) ?? [];
    const init = { method: "POST", body: "kept until retried" };
    assert.equal((await fetch(`${url}/api/v1/jobs?fail=hash`, init)).status, 202);
    assert.equal(readdirSync(temporary).length, 1);
    child.kill("SIGTERM");
    assert.deepEqual(await once(child, "exit"), [0, null]);
    assert.deepEqual(readdirSync(temporary), []);
  });

  it("refuses a setting that makes no sense, with the remedy", async () => {
    const child = run(["--port", "seventy"]);
    const [text] = await once(child.stderr, "data");
    assert.match(String(text), /--port .*whole number from 0 to 65535/);
    assert.deepEqual(await once(child, "exit"), [1, null]);
  });
});

describe("the pages", async () => {
  const folder = mkdtempSync(join(tmpdir(), "jobwire-pages-"));
  after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "index.html"), "<title>demo</title>");
  writeFileSync(join(folder, "songs.html"), "<title>songs</title>");
  writeFileSync(join(folder, "core.wasm"), "\0asm");
  const server = await testServer({ staticDir: folder });
  const unbuilt = await testServer({ staticDir: join(folder, "missing") });

  it("are files with their types, pages without theirs, too", async () => {
    assert.equal((await server.call("/core.wasm")).headers.get("content-type"), "application/wasm");
    for (const path of ["/", "/index", "/?job=7"]) assert.match((await server.call(path)).text, /demo/);
    for (const path of ["/songs", "/songs.html"]) assert.match((await server.call(path)).text, /songs/);
    for (const path of ["/missing", "/missing.js", "/songs/7"])
      assert.equal((await server.call(path)).status, 404);
    assert.equal((await server.call("/%00")).status, 400);
  });

  it("stay within their folder, however a path is written", async () => {
    const outside = `${folder}-outside`;
    mkdirSync(outside);
    after(() => rmSync(outside, { recursive: true }));
    writeFileSync(join(outside, "secret.txt"), "SECRET");
    writeFileSync(join(outside, "page.html"), "SECRET");
    symlinkSync(join(outside, "secret.txt"), join(folder, "link.txt"));
    symlinkSync(outside, join(folder, "linked"));
    symlinkSync("index.html", join(folder, "within.html"));
    const name = basename(outside);
    const up = [
      "../",
      "%2e%2e/",
      "..%2f",
      "%2e%2e%2f",
      "..%5c",
      "..\\",
      "%252e%252e%252f",
      "....//",
      "/..;/",
    ];
    const paths = up.map((one) => `/${one}${name}/secret.txt`);
    paths.push(`/assets/../../${name}/secret.txt`, `/..%2f${name}/page`, `/%00/../${name}/secret.txt`);
    paths.push(`/..%c0%af${name}/secret.txt`, `//${outside}/secret.txt`, `/${outside}/secret.txt`);
    paths.push(`/%2f${outside.slice(1)}/secret.txt`, `/index.html%00/../../${name}/secret.txt`);
    paths.push("/link.txt", "/linked/secret.txt", "/linked/page", "/.", "/..", "/%2e%2e", "/assets");
    for (const path of paths) {
      const { status, text } = await rawRequest(
        server.url,
        requestHead(`GET ${path} HTTP/1.1`, { Host: "localhost", Connection: "close" }),
      );
      assert.ok(!text.includes("SECRET"), path);
      assert.ok(
        status === 404 || status === 400 || (status === 200 && text.includes("demo")),
        `${path}: ${status}`,
      );
    }
    assert.match((await server.call("/within.html")).text, /demo/);
  });

  it("say how to build them when they are missing", async () => {
    assert.match((await unbuilt.call("/")).text, /npm start/);
  });
});
