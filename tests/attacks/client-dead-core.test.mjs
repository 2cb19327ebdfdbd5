/// <reference path="../e2e/pages/window.d.ts" />
/**
 * The client in a real Chromium, whose core dies: a frame that does not fit into the memory traps it in the handler of a
 * socket, in the page or in a worker; a worker ends by itself. The core is the package's own, with less memory to grow.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { pkgDir } from "../../scripts/lib/paths.mjs";
import { assertSound, FAST, post, SyntheticJob, useStage, Watcher } from "../e2e/stage.mjs";
import { startEmbeddedServer } from "../e2e/support/backend.mjs";
import { openPage } from "../e2e/support/browser.mjs";
import { WAIT_MS } from "../e2e/support/patience.mjs";
import { withLittleMemory, withSection } from "./support/wasm-variant.mjs";

/** How far the memory of the variant can grow, in pages of 64 KiB: two of its own size and more. */
const PAGES = 32;
/** Allowed by the limit for one frame (4 MiB), too large for that memory. */
const TOO_LARGE = 3_000_000;
/** How soon a dead core is found out, ms, and how late timers of a busy machine may be. */
const HEARTBEAT = 2000;
const LATE = 15_000;

/**
 * Runs in the page: has a client follow jobs, and prepares what is asked of it when its core has died.
 * @param {{ options: any, wasm: string, jobs: string[] }} given
 */
function begin({ options, wasm, jobs }) {
  window.dead ??= {};
  window.begin({ ...options, wasm: Uint8Array.from(atob(wasm), (letter) => letter.charCodeAt(0)) });
  for (const id of jobs) window.follow(id);
  window.client.on("progress", () => {});
  /** Notes what becomes of promises, and when the client finds out. @param {Promise<unknown>[]} promises */
  window.dead.note = (promises) => {
    window.dead.askedAt = performance.now();
    window.dead.outcomes = Promise.allSettled(promises).then((all) =>
      all.map((/** @type {any} */ { status, reason }) => `${status}: ${reason?.code}`),
    );
    window.client.connection.subscribe((/** @type {{ state: string }} */ { state }) => {
      if (state === "failed") window.dead.failedAt ??= performance.now();
    });
  };
  window.dead.ask = () => {
    const { client } = window;
    const [first, second] = jobs.map((id) => client.job(id));
    window.dead.note([client.connect(), client.inspect(), client.audit(), first.done(), second.refresh()]);
  };
  // What traps in a handler in the page nobody catches, and the client cannot know of it yet.
  if (!options.worker) addEventListener("error", () => window.dead.outcomes ?? window.dead.ask());
}

describe("a core that dies", () => {
  const stage = useStage();
  /** @type {import("../e2e/support/backend.mjs").Backend} */
  let server;
  /** @type {Buffer} */
  let core;
  before(async () => {
    core = await readFile(join(pkgDir, "core.wasm"));
    server = await startEmbeddedServer();
  });
  after(() => server.kill());
  /** @type {Watcher[]} */
  const watchers = [];
  afterEach(async () => {
    // What a failed test left behind must not count in the next one.
    await Promise.all(watchers.splice(0).map((watcher) => watcher.leave()));
    await hasSockets(0);
  });

  async function watch() {
    const watcher = new Watcher(
      await openPage(await stage.browser("chromium"), `${stage.pages}/client.html`),
    );
    watchers.push(watcher);
    await watcher.until(() => "begin" in window);
    return watcher;
  }

  /** How many listeners the core knows of. @param {Watcher} watcher */
  const listeners = async (watcher) =>
    (await watcher.audit()).flatMap((/** @type {any} */ { event, listeners }) =>
      listeners ? [[event, listeners]] : [],
    );

  const sockets = async () => (await (await fetch(`${server.url}/api/v1/_control/state`)).json()).sockets;

  /** Awaits that the server has so many sockets. @param {number} wanted */
  async function hasSockets(wanted) {
    const end = Date.now() + WAIT_MS;
    while ((await sockets()) !== wanted) {
      assert.ok(Date.now() < end, `The server has ${await sockets()} sockets instead of ${wanted}.`);
      await sleep(50);
    }
  }

  /**
   * @param {string} name
   * @param {{ worker?: boolean }} options
   * @param {(page: import("puppeteer-core").Page) => Promise<unknown>} [prepare]
   */
  async function start(name, options, prepare) {
    const ids = [`${name}-a`, `${name}-b`];
    const jobs = [];
    for (const id of ids) jobs.push(await SyntheticJob.make(server.url, id, { progress: 20 }));
    const watcher = await watch();
    await prepare?.(watcher.test.page);
    await watcher.test.page.evaluate(begin, {
      options: { ...FAST, url: server.url, heartbeat: undefined, ...options },
      wasm: withLittleMemory(core, PAGES).toString("base64"),
      jobs: ids,
    });
    for (const id of ids) await shows(watcher, id, 20);
    await hasSockets(2);
    return { ids, jobs, watcher, heard: await listeners(watcher) };
  }

  /** @param {Watcher} watcher @param {string} id @param {number} progress */
  const shows = (watcher, id, progress) =>
    watcher.until(
      (job, wanted) => {
        const { progress, stale } = window.client.job(job).current;
        return progress === wanted && !stale;
      },
      id,
      progress,
    );

  /** Sends one frame that the memory has no room for. @param {string} id */
  function overwhelm(id) {
    const message = "x".repeat(TOO_LARGE);
    return post(`${server.url}/api/v1/_replay?job=${id}`, [
      JSON.stringify({ type: "progress", job_id: id, progress: 90, message }),
    ]);
  }

  /**
   * The client has found out, and everybody who waited knows; connect() makes all of it good.
   * @param {Awaited<ReturnType<typeof start>>} scene
   */
  async function comesBack({ ids, jobs, watcher, heard }) {
    await watcher.until(() => window.dead.failedAt);
    const { error, outcomes, took } = await watcher.test.page.evaluate(async () => ({
      error: window.client.connection.current.error,
      outcomes: await window.dead.outcomes,
      took: window.dead.failedAt - window.dead.askedAt,
    }));
    assert.equal(error.code, "wasm");
    assert.deepEqual(new Set(outcomes), new Set(["rejected: wasm"]));
    assert.ok(took < HEARTBEAT + LATE, `It took ${took} ms.`);
    // Those of the dead core are closed, though it can close nothing.
    await hasSockets(0);

    const before = await watcher.seen();
    for (const job of jobs) await job.set({ progress: 60 });
    await sleep(500);
    // A dead core delivers nothing.
    assert.deepEqual((await watcher.seen()).states, before.states);
    assert.equal(await sockets(), 0);

    await watcher.test.page.evaluate(() => window.client.connect());
    for (const id of ids) await shows(watcher, id, 60);
    await hasSockets(2);
    for (const job of jobs) await job.set({ progress: 70 });
    for (const id of ids) await shows(watcher, id, 70);
    assert.deepEqual(await listeners(watcher), heard);
    for (const job of jobs) await job.complete();
    for (const id of ids) {
      await watcher.until((job) => window.client.job(job).current.status === "completed", id);
      assertSound((await watcher.seen()).jobs[id]);
    }
    assert.equal(await watcher.count("completed"), 2);
    await watcher.test.page.evaluate(() => window.client.close());
    await hasSockets(0);
  }

  it("of a frame too large for its memory, in the page, is failed, leaves no socket, and comes back", async () => {
    const scene = await start("page", {});
    await overwhelm(scene.ids[0] ?? "");
    await comesBack(scene);
    assert.match(scene.watcher.test.errors.join(), /unreachable|memory/);
  });

  it("of an HTTP answer too large for its memory is failed, and comes back", async () => {
    const scene = await start("answer", {});
    const { page } = scene.watcher.test;
    await page.setRequestInterception(true);
    const answer = (/** @type {import("puppeteer-core").HTTPRequest} */ request) => {
      if (!/jobs\/answer-a$/.test(request.url())) return void request.continue();
      const body = JSON.stringify({ job_id: "answer-a", status: "running", message: "x".repeat(TOO_LARGE) });
      const headers = { "Access-Control-Allow-Origin": "*" };
      return void request.respond({ status: 200, contentType: "application/json", headers, body });
    };
    page.on("request", answer);
    await page.evaluate(() => window.dead.note([window.client.job("answer-a").refresh()]));
    await scene.watcher.until(() => window.dead.failedAt);
    page.off("request", answer);
    await page.setRequestInterception(false);
    await comesBack(scene);
  });

  it("of a frame too large for its memory, in a worker, is failed, and comes back in another worker", async () => {
    const scene = await start("worker", { worker: true });
    const { page } = scene.watcher.test;
    assert.equal(page.workers().length, 1);
    await page.evaluate(() => window.dead.note([window.client.job("worker-a").done()]));
    await overwhelm(scene.ids[0] ?? "");
    await comesBack(scene);
    // The worker of the closed client ends by itself.
    for (const end = Date.now() + WAIT_MS; page.workers().length && Date.now() < end;) await sleep(50);
    assert.equal(page.workers().length, 0);
  });

  it("with its worker, which ends without a word, is failed within a heartbeat, and comes back", async () => {
    const scene = await start("ended", { worker: true }, (page) =>
      page.evaluate(() => {
        const own = `addEventListener("message", (event) => {
          if (event.data !== "end") return;
          event.stopImmediatePropagation();
          close();
        });\n`;
        window.dead = {};
        const OwnBlob = class extends Blob {
          /** @param {any[]} parts @param {any} options */
          constructor(parts, options) {
            super(/javascript/.test(options?.type ?? "") ? [own, ...parts] : parts, options);
          }
        };
        const OwnWorker = class extends Worker {
          /** @param {string} url */
          constructor(url) {
            super(url);
            window.dead.endWorker = () => this.postMessage("end");
          }
        };
        Object.assign(window, { Blob: OwnBlob, Worker: OwnWorker });
      }),
    );
    await scene.watcher.test.page.evaluate(() => {
      window.dead.endWorker();
      window.dead.ask();
    });
    await comesBack(scene);
  });

  it("is not begun where the wasm is that of another build", async () => {
    const old = withSection(core, "jobwire", JSON.stringify({ version: "0.0.9", hash: "0123456789abcdef" }));
    const watcher = await watch();
    const error = await watcher.test.page.evaluate(
      (wasm, url) => {
        const bytes = Uint8Array.from(atob(wasm), (letter) => letter.charCodeAt(0));
        window.begin({ url, wasm: new Response(bytes, { headers: { "content-type": "application/wasm" } }) });
        return window.client
          .connect()
          .catch((/** @type {any} */ { code, message, remedy }) => ({ code, message, remedy }));
      },
      old.toString("base64"),
      server.url,
    );
    assert.equal(error.code, "wasm");
    assert.match(error.message, /version 0\.0\.9 \(build 0123456789abcdef\).*package is version/);
    assert.match(error.remedy, /cache/);
  });
});
