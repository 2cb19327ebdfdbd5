/** The built package in real browsers against the embedded server, through everything a network does. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import {
  assertSound,
  BROWSERS,
  course,
  FAST_HEARTBEAT,
  post,
  SyntheticJob,
  until,
  useStage,
} from "./stage.mjs";
import { startEmbeddedServer } from "./support/backend.mjs";
import { openPage } from "./support/browser.mjs";
import { WAIT_MS } from "./support/patience.mjs";
import { createFaultProxy } from "./support/proxy.mjs";

/** Of a stage that is to be seen. */
const PACE_MS = 1000;
const STAGES = ["hash", "metadata", "thumbnail", "package"];
const GOOD_TOKEN = "let-me-in-4711";
const OLD_TOKEN = "expired-since-1970";

let jobs = 0;
const newId = () => `e2e-${++jobs}`;

describe("the embedded server", () => {
  const stage = useStage();
  /** @type {import("./support/backend.mjs").Backend} */
  let server;
  /** The same, but it lets nobody in without the token. @type {import("./support/backend.mjs").Backend} */
  let guarded;
  /** @type {import("./support/proxy.mjs").FaultProxy} */
  let proxy;

  before(async () => {
    server = await startEmbeddedServer({ env: FAST_HEARTBEAT });
    guarded = await startEmbeddedServer({ env: { ...FAST_HEARTBEAT, JOBWIRE_TOKENS: GOOD_TOKEN } });
    proxy = await createFaultProxy({ target: server.url });
  });
  afterEach(() => proxy.reset());
  after(async () => {
    await proxy.close();
    await Promise.all([server.kill(), guarded.kill()]);
  });

  /** Asks until the back-end has seen its last WebSocket go. */
  async function noSocketsAtServer() {
    const state = async () => (await fetch(`${server.url}/api/v1/_control/state`)).json();
    const deadline = performance.now() + WAIT_MS;
    while ((await state()).sockets > 0)
      assert.ok(performance.now() < deadline, "the server still has sockets");
  }

  for (const name of BROWSERS) {
    for (const worker of [false, true]) {
      describe(`${name}, client in the ${worker ? "worker" : "page"}`, () => {
        /** @param {object} [options] */
        const open = (options) => stage.watch(name, { url: proxy.url, worker, ...options });

        it("shows every stage of an upload in order, and its end exactly once", async () => {
          const watcher = await open();
          const id = await watcher.test.page.evaluate(async (url) => {
            await window.client.ready;
            const made = await window.upload(url, "some text\n".repeat(1000));
            window.follow(made);
            return made;
          }, `${proxy.url}/api/v1/jobs?pace=${PACE_MS}`);
          const result = await watcher.end(id);
          assert.equal(result.status, "completed");
          assert.equal(result.progress, 100);
          assert.equal(result.resultUrl, `/api/v1/results/${id}`);
          assert.ok(result.durationSeconds >= (STAGES.length * PACE_MS) / 1000);

          assert.equal(await watcher.count("completed"), 1);
          const { jobs, events, states, logs } = await watcher.seen();
          assertSound(jobs[id]);
          const stages = course(jobs[id], "stage").filter((stage) => stage !== "queued");
          assert.deepEqual(stages, STAGES);
          assert.deepEqual(course(jobs[id], "status").slice(-2), ["running", "completed"]);
          assert.ok(events.some(({ event, meta }) => event === "progress" && meta.jobId === id));
          assert.ok(states.some(({ state, transport }) => state === "open" && transport === "websocket"));
          assert.deepEqual(logs, []);
          await watcher.close(proxy);
          await noSocketsAtServer();
        });

        it("goes on after the server was killed and restarted in the middle of a job", async () => {
          const watcher = await open();
          const id = newId();
          const job = await SyntheticJob.make(server.url, id, { progress: 10 });
          await watcher.follow(id);
          await watcher.until((id) => window.client.job(id).current.progress === 10, id);
          await server.kill();
          await watcher.until(() => window.client.connection.current.state !== "open");
          await watcher.until((id) => window.client.job(id).current.stale, id);
          await server.start();
          await SyntheticJob.make(server.url, id, { progress: 60 });
          await watcher.state("open");
          await watcher.until((id) => window.client.job(id).current.progress === 60, id);
          await job.complete();
          assert.equal((await watcher.end(id)).status, "completed");
          assert.equal(await watcher.count("completed"), 1);
          const { jobs, logs } = await watcher.seen();
          assertSound(jobs[id]);
          assert.ok(logs.some(({ code }) => code === "connection-lost"));
          await watcher.close(proxy);
        });

        it("polls while WebSockets are refused, and returns to the socket without a gap", async () => {
          const watcher = await open();
          const id = newId();
          const job = await SyntheticJob.make(server.url, id, { progress: 10 });
          await watcher.follow(id);
          await watcher.state("open");
          await watcher.until((id) => window.client.job(id).current.progress === 10, id);

          await proxy.mode("refuseUpgrade");
          proxy.cut();
          await watcher.state("polling");
          await job.set({ progress: 30 });
          await watcher.until((id) => window.client.job(id).current.progress === 30, id);
          await job.set({ progress: 40 });
          await watcher.until((id) => window.client.job(id).current.progress === 40, id);

          await proxy.mode("pass");
          await watcher.state("open");
          await until(proxy, () => proxy.counters.openWebSockets === 1);
          await job.set({ progress: 50 });
          await watcher.until((id) => window.client.job(id).current.progress === 50, id);
          await job.complete();
          await watcher.end(id);

          assert.equal(await watcher.count("completed"), 1);
          const { jobs, states, events } = await watcher.seen();
          assertSound(jobs[id]);
          assert.deepEqual(course(jobs[id], "progress"), [10, 30, 40, 50, 100]);
          assert.deepEqual(course(jobs[id], "source").slice(-2), ["polling", "socket"]);
          const polling = states.filter(({ state }) => state === "polling");
          assert.deepEqual([...new Set(polling.map(({ transport }) => transport))], ["polling"]);
          assert.equal(polling[0].error.code, "handshake");
          const own = events.filter(({ event }) => event === "reconnected" || event === "gap");
          assert.equal(own.filter(({ event }) => event === "reconnected").length, 1);
          assert.ok(own.every(({ event, payload }) => event !== "gap" || payload.healed === true));
          await watcher.close(proxy);
        });

        it("replaces a connection on which the server fell silent", async () => {
          // Browsers wait for up to a minute for the other end of a closing handshake: a proxy of its own.
          const quiet = await stage.proxy(server.url);
          const watcher = await open({ url: quiet.url });
          const id = newId();
          const job = await SyntheticJob.make(server.url, id, { progress: 10 });
          await watcher.follow(id);
          await watcher.until((id) => window.client.job(id).current.progress === 10, id);
          await quiet.mode("silent");
          await job.set({ progress: 45 });
          // Nothing says so but a read, which only a client that noticed the silence sends.
          await watcher.until((id) => window.client.job(id).current.progress === 45, id);
          await quiet.mode("pass");
          // The client may have opened the next socket before that, as well as after it.
          await watcher.state("open");
          await watcher.until((id) => !window.client.job(id).current.stale, id);
          await job.complete();
          assert.equal((await watcher.end(id)).status, "completed");
          assert.ok((await watcher.inspect()).counters.silences >= 1);
          assert.ok(quiet.counters.upgrades > 1);
          assert.equal(await watcher.count("completed"), 1);
          assertSound((await watcher.seen()).jobs[id]);
          quiet.cut();
          await watcher.close(quiet);
        });

        it("asks for a new token when the server refuses the old one, and repeats none", async () => {
          const auth = await stage.proxy(guarded.url);
          const tokens = { connect: OLD_TOKEN, refresh: GOOD_TOKEN };
          const watcher = await open({ url: auth.url, tokens });
          const authorised = {
            method: "POST",
            headers: { Authorization: `Bearer ${GOOD_TOKEN}` },
            body: "text",
          };
          const answer = await fetch(`${guarded.url}/api/v1/jobs?pace=250`, authorised);
          const { job_id: id } = await answer.json();
          await watcher.follow(id);
          assert.equal((await watcher.end(id)).status, "completed");
          const { tokens: asked, ...said } = await watcher.seen();
          assert.deepEqual(asked.slice(0, 2), [
            { reason: "connect", given: OLD_TOKEN },
            { reason: "refresh", given: GOOD_TOKEN },
          ]);
          const everything = JSON.stringify([said, await watcher.inspect(), await watcher.audit()]);
          for (const token of [OLD_TOKEN, GOOD_TOKEN]) assert.ok(!everything.includes(token));
          await watcher.close(auth);
        });
      });
    }

    describe(name, () => {
      /** @param {object} [options] */
      const open = (options) => stage.watch(name, { url: proxy.url, ...options });

      it("shows a late joiner where the job is, and one that is over", async () => {
        const [running, over] = [newId(), newId()];
        const job = await SyntheticJob.make(server.url, running, { progress: 70, stage: "musicxml" });
        await SyntheticJob.make(server.url, over, { status: "completed", result_url: "/api/v1/results/x" });
        const watcher = await open();
        await watcher.follow(running, over);
        assert.equal((await watcher.end(over)).resultUrl, "/api/v1/results/x");
        await watcher.until((id) => window.client.job(id).current.progress === 70, running);
        await job.complete();
        await watcher.end(running);
        assert.equal(await watcher.count("completed"), 2);
        const { jobs } = await watcher.seen();
        assert.equal(course(jobs[running], "stage")[0], "musicxml");
        for (const id of [running, over]) assertSound(jobs[id]);
        await watcher.close(proxy);
      });

      it("gives up when the refreshed token is refused as well", async () => {
        const auth = await stage.proxy(guarded.url);
        const watcher = await open({ url: auth.url, tokens: { connect: OLD_TOKEN, refresh: OLD_TOKEN } });
        await watcher.follow("whatever");
        await watcher.state("failed");
        const { states, tokens, logs } = await watcher.seen();
        assert.equal(states.at(-1).error.code, "auth");
        assert.equal(states.at(-1).nextRetryAt, undefined);
        assert.ok(tokens.length === 2 && tokens[1]?.reason === "refresh");
        assert.ok(logs.some(({ code, level }) => code === "auth" && level === "error"));
        assert.ok(!JSON.stringify([states, logs]).includes(OLD_TOKEN));
        await until(auth, () => auth.counters.openWebSockets === 0);
        const { upgrades } = auth.counters;
        await watcher.close(auth);
        assert.equal(auth.counters.upgrades, upgrades);
      });

      it("follows a job that failed and could be retried into its next attempt", async () => {
        const watcher = await open();
        await watcher.test.page.evaluate(() => window.client.ready);
        const { job_id: id } = await post(`${proxy.url}/api/v1/jobs?fail=metadata&pace=${PACE_MS}`, "text");
        await watcher.follow(id);
        const failed = await watcher.end(id);
        assert.equal(failed.status, "failed");
        assert.equal(failed.error.retryable, true);
        assert.equal(failed.error.stage, "metadata");
        await post(`${proxy.url}/api/v1/jobs/${id}/retry`);
        await watcher.test.page.evaluate((id) => window.client.job(id).retry(), id);
        await watcher.until((id) => window.client.job(id).current.status === "completed", id);
        assert.equal(await watcher.count("error"), 1);
        assert.equal(await watcher.count("completed"), 1);
        const { jobs } = await watcher.seen();
        assertSound(jobs[id]);
        assert.deepEqual(course(jobs[id], "attempt"), [1, 2]);
        const second = jobs[id].filter((/** @type {any} */ { attempt }) => attempt === 2);
        assert.deepEqual(
          course(second, "stage").filter((stage) => stage !== "queued"),
          STAGES,
        );
        assert.equal(second.at(-1).error, undefined);
        await watcher.close(proxy);
      });

      it("hears of the end in a hidden tab, and is up to date when the tab comes back", async () => {
        const watcher = await open();
        const [first, second] = [newId(), newId()];
        const ending = await SyntheticJob.make(server.url, first, { progress: 10 });
        const going = await SyntheticJob.make(server.url, second, { progress: 10 });
        await watcher.follow(first, second);
        await watcher.state("open");
        await watcher.until(
          (...ids) => ids.every((id) => window.client.job(id).current.progress === 10),
          first,
          second,
        );
        const other = await openPage(await stage.browser(name), "about:blank");
        await other.page.bringToFront();
        await watcher.until(() => document.visibilityState === "hidden");
        await ending.complete();
        assert.equal((await watcher.end(first)).status, "completed");
        assert.equal(await watcher.test.page.evaluate(() => document.visibilityState), "hidden");

        proxy.cut();
        await going.setSilently({ progress: 80 });
        await watcher.test.page.bringToFront();
        await watcher.until((id) => window.client.job(id).current.progress === 80, second);
        await watcher.state("open");
        assert.ok((await watcher.inspect()).counters.wakes >= 1);
        await going.complete();
        await watcher.end(second);
        assert.equal(await watcher.count("completed"), 2);
        await other.close();
        await watcher.close(proxy);
      });

      it("reads nothing twice: an unchanged job is answered with 304", async () => {
        await proxy.mode("refuseUpgrade");
        const id = newId();
        const job = await SyntheticJob.make(server.url, id, { progress: 20 });
        // Browsers send an If-None-Match unasked only to the page's own origin.
        const watcher = await stage.watchFrom(name, proxy.url);
        /** @type {number[]} */
        const answers = [];
        watcher.test.page.on("response", (response) => {
          if (response.url().endsWith(id)) answers.push(response.status());
        });
        await watcher.begin({ url: proxy.url });
        await watcher.follow(id);
        await watcher.state("polling");
        await until(proxy, () => answers.filter((status) => status === 304).length >= 3);
        await job.set({ progress: 55 });
        await watcher.until((id) => window.client.job(id).current.progress === 55, id);
        assert.deepEqual(new Set(answers), new Set([200, 304]));
        assert.ok(answers.filter((status) => status === 200).length <= 3, String(answers));
        assert.equal(
          await watcher.test.page.evaluate((id) => window.client.job(id).current.stale, id),
          false,
        );
        await proxy.mode("pass");
        await job.complete();
        await watcher.end(id);
        await watcher.close(proxy);
      });

      it("watches thirty jobs over four sockets", async () => {
        const ids = Array.from({ length: 30 }, newId);
        const crowd = await stage.proxy(server.url);
        const made = await Promise.all(ids.map((id) => SyntheticJob.make(server.url, id, { progress: 1 })));
        const watcher = await open({ url: crowd.url, pool: { maxSockets: 4, linger: 50 } });
        await watcher.follow(...ids);
        await until(crowd, () => crowd.counters.openWebSockets === 4);
        await watcher.until(
          (...ids) => ids.every((id) => window.client.job(id).current.progress === 1),
          ...ids,
        );
        for (const job of made) await job.complete();
        const ends = await Promise.all(ids.map((id) => watcher.end(id)));
        assert.ok(ends.every(({ status, resultUrl }) => status === "completed" && resultUrl));
        assert.equal(await watcher.count("completed"), 30);
        const { jobs } = await watcher.seen();
        for (const id of ids) assertSound(jobs[id]);
        // Counted where they are made: a TCP connection outlives its WebSocket for a moment, longer in some browsers.
        assert.equal(await watcher.test.page.evaluate(() => window.sockets.most), 4);
        await watcher.close(crowd);
      });

      it("leaves nothing open after close()", async () => {
        const id = newId();
        await SyntheticJob.make(server.url, id, { progress: 5 });
        const watcher = await open();
        await watcher.follow(id);
        await until(proxy, () => proxy.counters.openWebSockets === 1);
        await watcher.state("open");
        await watcher.test.page.evaluate(() => window.client.close());
        const { events, states } = await watcher.seen();
        await until(proxy, () => proxy.counters.openWebSockets === 0);
        await noSocketsAtServer();
        const after = await watcher.seen();
        assert.equal(after.results[id].code, "closed");
        assert.deepEqual([after.events.length, after.states.length], [events.length, states.length]);
        const state = await watcher.test.page.evaluate(() => window.client.connection.current.state);
        assert.equal(state, "closed");
        await watcher.close(proxy);
      });
    });
  }
});
