import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { startEmbeddedServer } from "./backend.mjs";
import { launchBrowser, openPage } from "./browser.mjs";
import { servePages } from "./pages.mjs";
import { createFaultProxy } from "./proxy.mjs";

const PAGE = `<!doctype html><title>support</title>
<script type="module">
  import { greeting } from "/pkg/index.js";
  console.log(greeting);
  window.received = [];
  window.watch = (url) => {
    const socket = new WebSocket(url);
    socket.onmessage = (event) => window.received.push(JSON.parse(event.data));
    socket.onclose = (event) => (window.closeCode = event.code);
  };
</script>`;

const folder = mkdtempSync(join(tmpdir(), "jobwire-pages-"));
writeFileSync(join(folder, "index.html"), PAGE);
writeFileSync(join(folder, "broken.html"), "<script>throw new Error('a broken page')</script>");
writeFileSync(join(folder, "index.js"), 'export const greeting = "from the package";');

for (const name of /** @type {const} */ (["chromium", "firefox"])) {
  describe(`a page in ${name}`, () => {
    /** @type {import("./browser.mjs").Browser} */
    let browser;
    /** @type {Awaited<ReturnType<typeof servePages>>} */
    let pages;
    /** @type {import("./backend.mjs").Backend} */
    let server;
    /** @type {import("./proxy.mjs").FaultProxy} */
    let proxy;

    before(async () => {
      pages = await servePages({ pages: folder, pkg: folder });
      server = await startEmbeddedServer();
      proxy = await createFaultProxy({ target: server.url });
      browser = await launchBrowser(name);
    });
    after(async () => {
      await browser?.close();
      await proxy?.close();
      await server?.kill();
      await pages?.close();
    });

    it("sees a job through the proxy, and the proxy's faults", async () => {
      const test = await openPage(browser, pages.url);
      await test.eventually(() => "watch" in window);
      assert.ok(test.console.includes("log: from the package"));

      const watch = (/** @type {string} */ url) => /** @type {any} */ (window).watch(url);
      const closed = () => /** @type {any} */ (window).closeCode;
      const create = { method: "POST", body: JSON.stringify({ job_id: "seen" }) };
      await fetch(`${proxy.url}/api/v1/_synthetic`, create);
      await test.page.evaluate(watch, `${proxy.url.replace("http", "ws")}/api/v1/jobs/seen/stream`);
      while (proxy.counters.openWebSockets === 0)
        await new Promise((resolve) => proxy.events.once("open", resolve));
      proxy.cut();
      assert.equal(await test.eventually(closed), 1006);

      const end = { method: "POST", body: JSON.stringify({ status: "completed" }) };
      await fetch(`${proxy.url}/api/v1/_synthetic/seen`, end);
      await test.page.evaluate(watch, `${proxy.url.replace("http", "ws")}/api/v1/jobs/seen/stream`);
      const types = await test.eventually(() => {
        const { received, closeCode } = /** @type {any} */ (window);
        return closeCode === 1000 && received.map((/** @type {any} */ frame) => frame.type);
      });
      assert.deepEqual(types, ["completed"]);
      assert.deepEqual(test.errors, []);
      await test.close();
    });

    it("tells its uncaught errors, and why a condition never held", async () => {
      const test = await openPage(browser, `${pages.url}/broken.html`);
      await assert.rejects(
        test.eventually(() => false, { timeout: 300 }),
        /never held[^]*a broken page/,
      );
      assert.match(test.errors.join(), /a broken page/);
      await test.close();
    });
  });
}

after(() => rmSync(folder, { recursive: true }));
