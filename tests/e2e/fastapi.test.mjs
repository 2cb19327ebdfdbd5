/** The built package in real browsers against the real FastAPI back-end: Redis, several web processes, workers. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { readFile } from "node:fs/promises";
import { assertSound, BROWSERS, course, FAST_HEARTBEAT, post, until, useStage } from "./stage.mjs";
import { startFastapi } from "./support/backend.mjs";
import { createFaultProxy } from "./support/proxy.mjs";

/** @typedef {import("./support/backend.mjs").Backend} Backend */

const SAMPLE = new URL("../../scripts/sample.wav", import.meta.url);
const STAGES = ["download", "separation", "transcription", "musicxml"];
/** Of a stage that nobody has to see. */
const PACE_MS = 300;
/** Of one that is to be seen. */
const SEEN_MS = 1000;
const GOOD_TOKEN = "let-me-in-4711";
const OLD_TOKEN = "expired-since-1970";

describe("the FastAPI back-end", () => {
  const stage = useStage();
  /** @type {Blob} */
  let recording;
  /** The store and the workers outlive the web processes in these tests, as they do in production. @type {Backend[]} */
  let parts = [];
  /** Two processes of uvicorn on one port. @type {Backend} */
  let web;
  /** Another, at a port of its own. @type {Backend} */
  let second;
  /** Asks for a token. @type {Backend} */
  let guarded;
  /** @type {import("./support/proxy.mjs").FaultProxy} */
  let proxy;

  before(async () => {
    recording = new Blob([new Uint8Array(await readFile(SAMPLE))]);
    const redis = await startFastapi({ only: "redis" });
    parts = [redis];
    const common = { redisUrl: redis.url };
    const env = FAST_HEARTBEAT;
    const started = await Promise.all([
      startFastapi({ ...common, only: "worker" }),
      startFastapi({ ...common, only: "web", workers: 2, env }),
      startFastapi({ ...common, only: "web", workers: 1, env }),
      startFastapi({ ...common, only: "web", workers: 1, env: { ...env, JOBWIRE_TOKENS: GOOD_TOKEN } }),
    ]);
    parts.push(...started);
    [, web, second, guarded] = /** @type {[Backend, Backend, Backend, Backend]} */ (started);
    proxy = await createFaultProxy({ target: web.url });
  });
  afterEach(() => proxy.reset());
  after(async () => {
    await proxy?.close();
    await Promise.all(parts.map((part) => part.kill()));
  });

  /** @param {string} [query] */
  const upload = async (query = `pace=${PACE_MS}`) =>
    (await post(`${web.url}/api/v1/jobs?${query}`, recording)).job_id;

  for (const name of BROWSERS) {
    for (const worker of [false, true]) {
      describe(`${name}, client in the ${worker ? "worker" : "page"}`, () => {
        it("shows every stage in order, and the end exactly once", async () => {
          const watcher = await stage.watch(name, { url: proxy.url, worker });
          await watcher.test.page.evaluate(() => window.client.ready);
          const id = await upload(`pace=${SEEN_MS}`);
          await watcher.follow(id);
          const result = await watcher.end(id);
          assert.deepEqual([result.status, result.progress], ["completed", 100]);
          const score = await fetch(new URL(result.resultUrl, web.url));
          assert.match(await score.text(), /<score-partwise/);
          assert.equal(await watcher.count("completed"), 1);
          const { jobs, events } = await watcher.seen();
          assertSound(jobs[id] ?? []);
          const stages = course(jobs[id] ?? [], "stage").filter((one) => STAGES.includes(one));
          assert.deepEqual(stages, STAGES);
          assert.ok(events.some(({ event }) => event === "heartbeat"));
          await watcher.close(proxy);
        });

        it("goes on after the web processes were killed and restarted in the middle of a job", async () => {
          const watcher = await stage.watch(name, { url: proxy.url, worker });
          const id = await upload("pace=1500");
          await watcher.follow(id);
          await watcher.until((id) => window.client.job(id).current.stage === "separation", id);
          await web.kill();
          await watcher.until(() => window.client.connection.current.state !== "open");
          await web.start();
          assert.equal((await watcher.end(id)).status, "completed");
          assert.equal(await watcher.count("completed"), 1);
          const { jobs } = await watcher.seen();
          assertSound(jobs[id] ?? []);
          assert.ok(jobs[id]?.some(({ stale }) => stale));
          await watcher.close(proxy);
        });
      });
    }

    describe(name, () => {
      it("polls while WebSockets are refused, and returns to the socket", async () => {
        await proxy.mode("refuseUpgrade");
        const watcher = await stage.watch(name, { url: proxy.url });
        // Firefox takes its time to connect again where it was refused.
        const id = await upload("pace=4000");
        await watcher.follow(id);
        await watcher.state("polling");
        await watcher.until((id) => window.client.job(id).current.source === "polling", id);
        await proxy.mode("pass");
        await watcher.state("open");
        assert.equal((await watcher.end(id)).source, "socket");
        assert.equal(await watcher.count("completed"), 1);
        const { jobs } = await watcher.seen();
        assertSound(jobs[id] ?? []);
        assert.deepEqual(course(jobs[id] ?? [], "source").slice(-2), ["polling", "socket"]);
        await watcher.close(proxy);
      });

      it("replaces a connection on which the server fell silent", async () => {
        const quiet = await stage.proxy(web.url);
        const watcher = await stage.watch(name, { url: quiet.url });
        const id = await upload("pace=700");
        await watcher.follow(id);
        await watcher.until((id) => window.client.job(id).current.stage === "download", id);
        await quiet.mode("silent");
        const { upgrades } = quiet.counters;
        await until(quiet, () => quiet.counters.upgrades > upgrades);
        await quiet.mode("pass");
        assert.equal((await watcher.end(id)).status, "completed");
        assert.ok((await watcher.inspect()).counters.silences >= 1);
        assert.equal(await watcher.count("completed"), 1);
        assertSound((await watcher.seen()).jobs[id] ?? []);
        quiet.cut();
        await watcher.close(quiet);
      });

      it("asks for a new token when the handshake is refused for the old one", async () => {
        const auth = await stage.proxy(guarded.url);
        const watcher = await stage.watch(name, {
          url: auth.url,
          tokens: { connect: OLD_TOKEN, refresh: GOOD_TOKEN },
        });
        const id = await upload();
        await watcher.follow(id);
        assert.equal((await watcher.end(id)).status, "completed");
        const { tokens, ...said } = await watcher.seen();
        assert.ok(tokens.some(({ reason, given }) => reason === "refresh" && given === GOOD_TOKEN));
        const everything = JSON.stringify([said, await watcher.inspect()]);
        for (const token of [OLD_TOKEN, GOOD_TOKEN]) assert.ok(!everything.includes(token));
        await watcher.close(auth);
      });

      it("follows a job that failed retryably into its next attempt", async () => {
        const watcher = await stage.watch(name, { url: proxy.url });
        const id = await upload(`fail=transcription&pace=${PACE_MS}`);
        await watcher.follow(id);
        const failed = await watcher.end(id);
        assert.equal(failed.status, "failed");
        assert.deepEqual([failed.error.retryable, failed.error.stage], [true, "transcription"]);
        await post(`${proxy.url}/api/v1/jobs/${id}/retry`);
        await watcher.test.page.evaluate((id) => window.client.job(id).retry(), id);
        await watcher.until((id) => window.client.job(id).current.status === "completed", id);
        assert.deepEqual([await watcher.count("error"), await watcher.count("completed")], [1, 1]);
        const { jobs } = await watcher.seen();
        assertSound(jobs[id] ?? []);
        assert.deepEqual(course(jobs[id] ?? [], "attempt"), [1, 2]);
        await watcher.close(proxy);
      });

      it("hears of a cancellation, and late of an end", async () => {
        const watcher = await stage.watch(name, { url: proxy.url });
        const id = await upload("pace=2000");
        await watcher.follow(id);
        await watcher.until((id) => window.client.job(id).current.stage === "download", id);
        await post(`${proxy.url}/api/v1/jobs/${id}/cancel`);
        assert.equal((await watcher.end(id)).status, "cancelled");
        const late = await stage.watch(name, { url: proxy.url });
        await late.follow(id);
        assert.equal((await late.end(id)).status, "cancelled");
        for (const one of [watcher, late]) {
          assert.equal(await one.count("cancelled"), 1);
          assertSound((await one.seen()).jobs[id] ?? []);
        }
        await late.close(proxy);
        await watcher.close(proxy);
      });
    });
  }

  it("tells the watchers of one job the same through different web processes", async () => {
    const other = await stage.proxy(second.url);
    const watchers = [
      await stage.watch("chromium", { url: proxy.url }),
      await stage.watch("firefox", { url: other.url }),
      await stage.watch("chromium", { url: other.url }),
      await stage.watch("firefox", { url: proxy.url }),
    ];
    const id = await upload("pace=2500");
    await Promise.all(watchers.map((watcher) => watcher.follow(id)));
    const ends = await Promise.all(watchers.map((watcher) => watcher.end(id)));
    const told = (/** @type {any} */ { status, progress, resultUrl, durationSeconds, attempt }) =>
      JSON.stringify({ status, progress, resultUrl, durationSeconds, attempt });
    assert.equal(new Set(ends.map(told)).size, 1);
    for (const watcher of watchers) {
      assert.equal(await watcher.count("completed"), 1);
      const { jobs, events } = await watcher.seen();
      assertSound(jobs[id] ?? []);
      // A hidden tab is told of changes once a second, but of every event.
      const progress = events.filter(({ event }) => event === "progress").map(({ payload }) => payload);
      assert.deepEqual(
        course(progress, "stage").filter((one) => STAGES.slice(1).includes(one)),
        STAGES.slice(1),
      );
    }
    await Promise.all(watchers.map((watcher) => watcher.test.page.evaluate(() => window.client.close())));
    for (const at of [proxy, other]) await until(at, () => at.counters.openWebSockets === 0);
    for (const watcher of watchers) watcher.assertQuiet();
  });
});
