import assert from "node:assert/strict";
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { servePages } from "./pages.mjs";

let folder = "";
/** @type {Awaited<ReturnType<typeof servePages>>} */
let site;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "jobwire-pages-"));
  for (const name of ["pages", "pages-of-others", "pkg"]) mkdirSync(join(folder, name));
  writeFileSync(join(folder, "secret.html"), "secret");
  writeFileSync(join(folder, "pages-of-others", "secret.html"), "secret");
  writeFileSync(join(folder, "pages", "index.html"), "a page");
  writeFileSync(join(folder, "pkg", "index.js"), "a script");
  site = await servePages({ pages: join(folder, "pages"), pkg: join(folder, "pkg") });
});
after(async () => {
  await site?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What is answered to a request line whose target is sent as it is. @param {string} target */
async function get(target) {
  const socket = connect(Number(new URL(site.url).port), "127.0.0.1");
  socket.write(`GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
  return text(socket);
}

test("serves pages and the package", async () => {
  for (const target of ["/", "/?a=../..", "/index.html"]) assert.match(await get(target), /200 OK[^]*a page/);
  assert.match(await get("/pkg/index.js"), /200 OK[^]*a script/);
});

for (const target of [
  "/../secret.html",
  "/%2e%2e/secret.html",
  "/%2e%2e%2fsecret.html",
  "/..%5csecret.html",
  "/%252e%252e/secret.html",
  "/pkg/../../secret.html",
  "/pkg/%2e%2e%2fsecret.html",
  "/../pages-of-others/secret.html",
  "//",
  "///secret.html",
  "/%00",
  "/%zz",
  "http://[",
  "*",
]) {
  test(`leaves no folder, and lives on, for ${target}`, async () => {
    assert.doesNotMatch(await get(target), /\nsecret/);
    assert.match(await get("/"), /a page/);
  });
}
