import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, describe, it } from "node:test";
import { WebSocket } from "ws";
import { Backend, startBun, startEmbeddedServer, startExpress, startWs } from "./backend.mjs";

/** @param {string} url */
const answers = (url) =>
  fetch(`${url}/healthz`).then(
    (response) => response.ok,
    () => false,
  );

describe("a back-end", () => {
  it("comes up at the same address after it was killed, and stops when asked", async () => {
    const server = await startEmbeddedServer();
    after(() => server.kill());
    const { url } = server;
    assert.equal(await answers(url), true);
    await server.kill();
    assert.equal(server.running, false);
    assert.equal(await answers(url), false);
    await server.start();
    assert.equal(server.url, url);
    await server.restart();
    assert.equal(await answers(url), true);
    await server.stop();
    assert.equal(await answers(url), false);
  });

  for (const [name, start, path] of /** @type {const} */ ([
    ["Bun", startBun, "/jobs/1"],
    ["ws", startWs, "/api/playlists"],
    ["Express", startExpress, "/api/images_mvp/results/a"],
  ])) {
    it(`may be that on ${name}, with its environment, and comes up at the same address`, async () => {
      const server = await start({ env: { JOBWIRE_TOKENS: "only-this" } });
      after(() => server.kill());
      const { url } = server;
      assert.equal((await fetch(url + path)).status, 401);
      await server.restart();
      assert.deepEqual([server.url, await answers(url)], [url, true]);
      await server.stop();
      assert.equal(await answers(url), false);
    });
  }

  it("gets its environment", async () => {
    const server = await startEmbeddedServer({ env: { JOBWIRE_TOKENS: "only-this" } });
    after(() => server.kill());
    assert.equal((await fetch(`${server.url}/api/v1/jobs/x`)).status, 401);
  });

  it("that cannot start is an error with what it said", async () => {
    const script = "console.error('no such disk'); process.exit(3)";
    const broken = new Backend({ program: process.execPath, args: () => ["-e", script] });
    await assert.rejects(broken.start(), /before it was ready:\nno such disk/);
  });

  it("does not outlive a test process that is killed", async () => {
    const module = new URL("./backend.mjs", import.meta.url).href;
    const script = `import { startEmbeddedServer } from ${JSON.stringify(module)};
      console.log((await startEmbeddedServer()).url); setInterval(() => {}, 1000);`;
    const test = spawn(process.execPath, ["--input-type=module", "-e", script]);
    after(() => test.kill("SIGKILL"));
    const [url] = await once(createInterface({ input: test.stdout }), "line");
    const socket = new WebSocket(`${String(url).replace("http", "ws")}/api/v1/stream`);
    await once(socket, "open");
    const closed = once(socket, "close");
    test.kill("SIGKILL");
    await closed;
    assert.equal(await answers(url), false);
  });

  it("does not keep a test process that forgets to stop it", async () => {
    const module = new URL("./backend.mjs", import.meta.url).href;
    const script = `import { startEmbeddedServer } from ${JSON.stringify(module)};
      console.log((await startEmbeddedServer()).url);`;
    const test = spawn(process.execPath, ["--input-type=module", "-e", script]);
    after(() => test.kill("SIGKILL"));
    assert.deepEqual(await once(test, "exit"), [0, null]);
  });
});
