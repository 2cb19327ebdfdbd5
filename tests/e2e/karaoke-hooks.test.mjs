/// <reference path="./pages/window.d.ts" />
/** The hooks of the karaoke page, each alone, in a real browser against the embedded server. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { useStage } from "./stage.mjs";
import { startEmbeddedServer } from "./support/backend.mjs";
import { openPage } from "./support/browser.mjs";
import { sendTone } from "./support/karaoke.mjs";
import { serveLab } from "./support/lab.mjs";
import { WAIT_MS } from "./support/patience.mjs";

const GRACE_MS = 1000;
const FALLBACK_MS = 2000;

describe("the hooks of the karaoke page", () => {
  const stage = useStage();
  /** @type {import("./support/backend.mjs").Backend} */
  let server;
  /** @type {Awaited<ReturnType<typeof serveLab>>} */
  let pages;
  /** @type {import("./support/browser.mjs").TestPage} */
  let test;

  before(async () => {
    [server, pages] = await Promise.all([startEmbeddedServer(), serveLab("hooks")]);
  });
  afterEach(async () => {
    assert.deepEqual(test.errors, []);
    await test.close();
  });
  after(async () => {
    await Promise.all([server.kill(), pages.close()]);
  });

  async function open(query = "&transports=websocket", url = server.url) {
    test = await openPage(
      await stage.browser("chromium"),
      `${pages.url}/?server=${encodeURIComponent(url)}${query}`,
    );
    return test.page;
  }

  /** @param {...readonly ["Connection" | "Queue" | "Fallback", string]} wanted */
  const show = (...wanted) => test.page.evaluate((list) => window.lab.show(list), wanted);

  /**
   * @template {unknown[]} Args
   * @param {(...args: Args) => unknown} condition
   * @param {Args} args
   */
  const until = (condition, ...args) =>
    test.eventually(condition, { polling: 20, timeout: WAIT_MS }, ...args);

  const connected = (/** @type {string} */ name) =>
    until((wanted) => window.lab.last[wanted]?.connected, name);

  const sockets = () => test.page.evaluate(() => window.lab.sockets);
  const calls = () => test.page.evaluate(() => window.lab.calls);

  it("share one connection, opened for the first and closed a moment after the last", async () => {
    await open();
    const names = Array.from(
      { length: 10 },
      (_, index) => /** @type {const} */ (["Connection", `c${index}`]),
    );
    await show(...names, ["Queue", "queue"]);
    for (const [, name] of names) await connected(name);
    await until(() => window.lab.last.queue.isConnected);
    assert.deepEqual(await sockets(), { now: 1, most: 1, made: 1 });

    await show(/** @type {const} */ (["Connection", "c0"]));
    await until(() => window.lab.pool.users === 1);
    const left = performance.now();
    await show();
    await until(() => window.lab.sockets.now === 0);
    assert.ok(performance.now() - left >= GRACE_MS - 50);
    assert.equal(await test.page.evaluate(() => window.lab.pool.users), 0);
  });

  it("find the connection as it was when they are mounted again at once", async () => {
    await open();
    await show(["Connection", "first"]);
    await connected("first");
    await show();
    await show(["Connection", "second"]);
    await connected("second");
    assert.deepEqual(await sockets(), { now: 1, most: 1, made: 1 });
  });

  it("call the handlers once for each change, though they are new in every render", async () => {
    const proxy = await stage.proxy(server.url);
    await open(undefined, proxy.url);
    await show(["Connection", "one"]);
    await connected("one");
    await show(["Connection", "one"]);
    await show(["Connection", "one"]);
    assert.deepEqual(await calls(), ["one connected"]);
    await proxy.mode("down");
    await until(() => window.lab.calls.some((/** @type {string} */ call) => /failed/.test(call)));
    await proxy.mode("pass");
    await connected("one");
    const said = (await calls()).filter((/** @type {string} */ call) => !/failed/.test(call));
    assert.deepEqual(said, ["one connected", "one disconnected", "one connected"]);
  });

  it("leave the others their channel when one disconnects, and get theirs back with connect()", async () => {
    await open();
    await show(["Connection", "one"], ["Connection", "two"]);
    await connected("one");
    await connected("two");
    await test.page.evaluate(() => window.lab.last.one.disconnect());
    await until(() => {
      const { one, two } = window.lab.last;
      return one.socket === null && !one.connected && two.connected;
    });
    await test.page.evaluate(() => window.lab.last.one.connect());
    await connected("one");
    assert.deepEqual(await sockets(), { now: 1, most: 1, made: 1 });
  });

  it("lose their channel to close(name) and closeAll(), and get another one", async () => {
    await open();
    await show(["Connection", "one"], ["Queue", "queue"]);
    await connected("one");
    await until(() => window.lab.last.queue.isConnected);
    await test.page.evaluate(() => window.lab.pool.close("/performance"));
    await until(() => !window.lab.last.one.connected);
    assert.equal(await test.page.evaluate(() => window.lab.last.queue.isConnected), true);
    await test.page.evaluate(() => window.lab.pool.closeAll());
    await until(() => window.lab.sockets.now === 0);
    await test.page.evaluate(() => window.lab.last.one.connect());
    await connected("one");
  });

  it("keep the queue: what is active comes in, what has ended leaves, the caches are invalidated", async () => {
    await open();
    await show(["Queue", "queue"]);
    await until(() => window.lab.last.queue?.isConnected);
    const id = await sendTone(server.url, { seconds: 10, pace: 100 });
    await test.page.evaluate((job) => {
      const { queries } = window.lab;
      queries.setQueryData(["processing-queue"], []);
      queries.setQueryData(["processing-status", job], {});
    }, id);
    await until((job) => window.lab.last.queue.jobs.some((/** @type {any} */ { id }) => id === job), id);
    await until(() => window.lab.last.queue.jobs.length === 0);
    const invalidated = await test.page.evaluate(() => window.lab.invalidated);
    for (const key of ["processing-queue", `processing-status ${id}`]) assert.ok(invalidated.includes(key));

    // A song that had ended before does not come in with a list.
    await test.page.evaluate(() => window.lab.last.queue.refetch());
    const again = await sendTone(server.url, { pace: 20 });
    await until(() => window.lab.last.queue.jobs.length > 0);
    const jobs = await test.page.evaluate(() => window.lab.last.queue.jobs);
    assert.deepEqual(
      jobs.map((/** @type {any} */ job) => job.id),
      [again],
    );
  });

  it("show in a queue that is mounted late what is under way already", async () => {
    await open();
    const id = await sendTone(server.url, { seconds: 10, pace: 300 });
    await show(["Queue", "queue"]);
    // The song of the test before may still be under way.
    const statusOf = (/** @type {string} */ wanted) =>
      window.lab.last.queue?.jobs.find((/** @type {any} */ job) => job.id === wanted)?.status;
    await until(statusOf, id);
    await fetch(`${server.url}/api/jobs/${id}/cancel`, { method: "POST" });
    // Unmounted while a song is about to leave: nothing may be told afterwards.
    await until(
      (wanted) =>
        window.lab.last.queue.jobs.find((/** @type {any} */ job) => job.id === wanted)?.status ===
        "cancelled",
      id,
    );
    await show();
    await until(() => window.lab.sockets.now === 0);
    assert.equal(await test.page.evaluate(statusOf, id), "cancelled");
  });

  it("read a job over HTTP every two seconds, only while disconnected, and until it has ended", async () => {
    const page = await open();
    const id = await sendTone(server.url, { seconds: 10, pace: 600 });
    /** @type {number[]} */
    const reads = [];
    page.on("request", (request) => {
      if (request.url().endsWith(`/api/jobs/${id}`) && request.method() === "GET")
        reads.push(performance.now());
    });
    await show(["Connection", "open"]);
    await connected("open");
    await show(["Connection", "open"], ["Fallback", id]);
    await until((job) => window.lab.last[job] === null, id);
    assert.equal(reads.length, 0);
    await page.evaluate(() => window.lab.pool.client.disconnect());
    await until((job) => window.lab.last[job]?.status === "completed", id);
    assert.ok(reads.length >= 2);
    // Only the first one can have been noted too late to the others' disadvantage.
    const span = (reads.at(-1) ?? 0) - (reads[0] ?? 0);
    const least = (reads.length - 1) * FALLBACK_MS - FALLBACK_MS / 2;
    assert.ok(span > least, `${reads.length} reads within ${span} ms`);
    await page.evaluate(() => window.lab.pool.client.connect());
    await until((job) => window.lab.last[job] === null, id);
  });
});
