/// <reference path="./pages/window.d.ts" />
/** System A in real browsers: track analysis of the real back-end on Bun, told over one WebSocket. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { client as talkTo } from "../../examples/server/test-client.mjs";
import { assertSound, BROWSERS, until, useStage } from "./stage.mjs";
import { analyse, BAD, GOOD, notify, received, replay } from "./support/analysis.mjs";
import { startBun } from "./support/backend.mjs";
import { createFaultProxy } from "./support/proxy.mjs";

/** @typedef {import("./stage.mjs").Watcher} Watcher */

/** How late a read may be on a machine that has other work. */
const LATE_MS = 1000;
const QUICK = { baseDelay: 100, maxDelay: 1000, jitter: "none" };
const POLL_MS = 3000;

describe("track analysis", () => {
  const stage = useStage();
  /** @type {import("./support/backend.mjs").Backend} */
  let server;
  /** @type {import("./support/proxy.mjs").FaultProxy} */
  let proxy;

  before(async () => {
    server = await startBun();
    proxy = await createFaultProxy({ target: server.url });
  });
  afterEach(async () => {
    proxy.events.removeAllListeners("request");
    await proxy.reset();
  });
  after(async () => {
    await proxy?.close();
    await server?.kill();
  });

  for (const name of BROWSERS) {
    describe(name, () => {
      /**
       * A connected client; it notes each wait between two attempts, from the loss that is logged to the next attempt.
       * @param {object} [options]
       */
      async function connect(options) {
        const watcher = await stage.watch(name, {
          url: proxy.url,
          protocol: "broadcast",
          polling: false,
          // This server has none.
          heartbeat: { interval: 0 },
          reconnect: { ...QUICK, minUptime: 0 },
          ...options,
        });
        await watcher.test.page.evaluate(() => {
          window.waits = [];
          window.client.connection.subscribe((/** @type {any} */ { attempt, nextRetryAt }) => {
            if (!nextRetryAt || window.waits.at(-1)?.attempt === attempt) return;
            const lost = window.seen.logs.filter(({ code }) => code === "connection-lost").at(-1);
            window.waits.push({ attempt, ms: nextRetryAt - (lost?.at ?? 0) });
          });
          return window.client.connect();
        });
        return watcher;
      }

      /** @param {Watcher} watcher @param {number} count */
      const waits = async (watcher, count) => {
        await watcher.until((wanted) => window.waits.length >= wanted, count);
        return watcher.test.page.evaluate(() => window.waits);
      };

      /**
       * The waits told are those of these failed attempts in a row.
       * @param {readonly { attempt: number, ms: number }[]} told
       * @param {readonly number[]} attempts
       * @param {{ baseDelay: number, maxDelay: number }} delays
       */
      function assertWaits(told, attempts, { baseDelay, maxDelay }) {
        assert.deepEqual(
          told.map(({ attempt }) => attempt),
          attempts,
        );
        for (const { attempt, ms } of told) {
          const wanted = Math.min(baseDelay * 2 ** (attempt - 1), maxDelay);
          // Told in whole milliseconds, some time after the loss.
          assert.ok(Math.abs(ms - wanted) <= 2, `${ms} ms after ${attempt} failed attempts`);
        }
      }

      /** @param {Watcher} watcher @param {string} event */
      const told = async (watcher, event) =>
        (await watcher.seen()).events.filter((one) => one.event === event).map(({ payload }) => payload);

      it("tells a status message, whatever the ids are made of", async () => {
        const watcher = await connect();
        const progress = { tracksProcessed: 2, tracksSucceeded: 1, tracksFailed: 1, total: 8 };
        const timestamp = new Date().toISOString();
        const [byNumber, byText] = [
          { jobId: 7001, trackId: 41, status: "analyzed", progress, timestamp },
          { jobId: "7001", trackId: "42", status: "failed", timestamp },
        ];
        await watcher.follow("7001");
        await notify(server.url, byNumber);
        await notify(server.url, byText);
        await notify(server.url, { jobId: "7001", status: "completed", progress, timestamp });
        const end = await watcher.end("7001");
        assert.deepEqual([end.id, end.status, end.counts.processed], ["7001", "completed", 2]);
        await watcher.count("job_status");
        assert.deepEqual(await told(watcher, "job_status"), [
          byNumber,
          byText,
          { jobId: "7001", status: "completed", progress, timestamp },
        ]);
        await watcher.close(proxy);
      });

      it("keeps the counts of a job, and makes a percentage of them where the total is known", async () => {
        const watcher = await connect();
        for (const total of ["1", "0"]) {
          const recordings = [GOOD, BAD, GOOD, GOOD];
          const { jobId } = await analyse(server.url, recordings, { pace: "400", total });
          const id = String(jobId);
          await watcher.follow(id);
          const end = await watcher.end(id);
          const known = total === "1";
          assert.equal(end.status, "completed");
          const counts = { processed: 4, succeeded: 3, failed: 1 };
          assert.deepEqual(end.counts, known ? { total: 4, ...counts } : counts);
          const snapshots = (await watcher.seen()).jobs[id] ?? [];
          assertSound(snapshots);
          assert.ok(snapshots.some((job) => job.counts?.processed > 0 && job.counts.processed < 4));
          for (const { status, progress, counts: now } of snapshots.filter(({ counts }) => counts)) {
            const derived = known ? (now.processed / 4) * 100 : undefined;
            assert.equal(progress, status === "completed" ? 100 : derived);
          }
        }
        await watcher.close(proxy);
      });

      it("has an entity for each track: pending, then analyzed or failed", async () => {
        const watcher = await connect();
        await watcher.test.page.evaluate(() => {
          window.courses = {};
          window.client
            .entities("track")
            .subscribe((/** @type {ReadonlyMap<string, { id: string, status: string }>} */ tracks) => {
              for (const { id, status } of tracks.values()) {
                const course = (window.courses[id] ??= []);
                if (course.at(-1) !== status) course.push(status);
              }
            });
        });
        const { jobId, tracks } = await analyse(server.url, [GOOD, BAD, GOOD], { pace: "1000" });
        const id = String(jobId);
        await watcher.follow(id);
        const end = await watcher.end(id);
        assert.equal(end.status, "completed", "a track that failed does not end its job");
        await watcher.until(
          (ids) => ids.every((one) => window.courses[one]?.length === 2),
          tracks.map(({ trackId }) => trackId),
        );
        const courses = await watcher.test.page.evaluate(() => window.courses);
        const wanted = ["analyzed", "failed", "analyzed"].map((last, place) => [
          tracks[place]?.trackId,
          ["pending", last],
        ]);
        const ofJob = tracks.map(({ trackId }) => [trackId, courses[trackId]]);
        assert.deepEqual(ofJob, wanted);
        await watcher.close(proxy);
      });

      it("waits 1000·2^n ms before an attempt, and 30,000 ms at most", async () => {
        const reconnect = { jitter: "none" };
        const watcher = await connect({ reconnect });
        await proxy.mode("down");
        const told = await waits(watcher, 3);
        assertWaits(told, [1, 2, 3], { baseDelay: 1000, maxDelay: 30_000 });
        await watcher.close(proxy);
        await proxy.mode("pass");

        // The sixth wait, without those before it.
        const late = await connect({ reconnect: { ...reconnect, baseDelay: 1000 * 2 ** 5 } });
        proxy.cut();
        assertWaits(await waits(late, 1), [1], { baseDelay: 30_000, maxDelay: 30_000 });
        await late.close(proxy);
      });

      for (const { says, minUptime, isReset } of [
        {
          says: "starts over with the first wait after a connection that held",
          minUptime: 200,
          isReset: true,
        },
        { says: "waits longer and longer while connections do not hold", minUptime: 60_000, isReset: false },
      ]) {
        it(says, async () => {
          const watcher = await connect({ reconnect: { ...QUICK, minUptime } });
          await proxy.mode("down");
          await waits(watcher, 2);
          await proxy.mode("pass");
          await watcher.state("open");
          const attempt = (await waits(watcher, 2)).at(-1)?.attempt ?? 0;
          // Nothing tells that a connection has held.
          if (isReset)
            await watcher.test.page.evaluate((ms) => new Promise((held) => setTimeout(held, ms)), minUptime);
          await watcher.test.page.evaluate(() => (window.waits = []));
          proxy.cut();
          assertWaits((await waits(watcher, 1)).slice(0, 1), [isReset ? 1 : attempt + 1], QUICK);
          await watcher.state("open");
          await watcher.close(proxy);
        });
      }

      it("counts and logs what is not JSON, and the connection lives on", async () => {
        const watcher = await connect();
        const broken = '{"type":"job_status","data":{"jobId":7002,';
        await watcher.follow("7002");
        await replay(
          server.url,
          broken,
          "analyzed!",
          JSON.stringify({ type: "job_status", data: { jobId: 7002, status: "completed" } }),
        );
        assert.equal((await watcher.end("7002")).status, "completed");
        const { logs, states } = await watcher.seen();
        const complaints = logs.filter(({ code }) => code === "not-json");
        assert.equal(complaints.length, 2);
        assert.ok(complaints.every(({ level }) => level === "warn"));
        const row = (await watcher.audit()).find((/** @type {any} */ { event }) => event === "(unreadable)");
        assert.deepEqual([row.received, row.invalid], [2, 2]);
        assert.deepEqual(
          (await told(watcher, "invalid")).map(({ code, raw }) => [code, raw]),
          [
            ["not-json", broken],
            ["not-json", "analyzed!"],
          ],
        );
        assert.equal(proxy.counters.openWebSockets, 1);
        assert.ok(states.every(({ error }) => error === undefined));
        await watcher.close(proxy);
      });

      /**
       * Follows a job of so many seconds, and notes when it is read.
       * @param {Watcher} watcher
       * @param {number} seconds
       */
      async function readsOf(watcher, seconds) {
        const { jobId } = await analyse(server.url, Array(seconds).fill(GOOD), { pace: "1000" });
        /** @type {number[]} */
        const reads = [];
        proxy.events.on("request", (path) => path === `/jobs/${jobId}` && reads.push(performance.now()));
        await watcher.follow(String(jobId));
        // It may be read once, for what happened before: unless the socket has told of it already.
        await watcher.until((job) => window.seen.jobs[job]?.at(-1).status === "running", String(jobId));
        return { id: String(jobId), reads };
      }
      // No attempt comes by itself while a test looks on.
      const seldom = { jitter: "none", baseDelay: 60_000, maxDelay: 60_000 };

      it("is polled every 3000 ms while there is no socket", async () => {
        const watcher = await connect({ polling: { url: "/jobs/{id}" }, reconnect: seldom });
        const { id, reads } = await readsOf(watcher, 9);
        const before = reads.length;
        await proxy.mode("refuseUpgrade");
        proxy.cut();
        // The first one may have been on its way already.
        await until(proxy, () => reads.length >= before + 3);
        const [first = 0, second = 0] = reads.slice(-2);
        assert.ok(Math.abs(second - first - POLL_MS) < LATE_MS, `${second - first} ms`);
        await watcher.until((job) => window.seen.jobs[job]?.at(-1).source === "polling", id);
        const end = await watcher.end(id);
        assert.deepEqual([end.status, end.source, end.counts.succeeded], ["completed", "polling", 9]);
        assertSound((await watcher.seen()).jobs[id] ?? []);
        await watcher.close(proxy);
      });

      it("is polled no longer once there is a socket", async () => {
        const polling = { url: "/jobs/{id}", interval: 50 };
        const watcher = await connect({ polling, reconnect: seldom });
        const { id, reads } = await readsOf(watcher, 4);
        const whileOpen = reads.length;
        proxy.cut();
        await until(proxy, () => reads.length >= whileOpen + 3);
        await watcher.test.page.evaluate(() => window.client.connect());
        // One more read makes up for what the socket could not carry.
        await watcher.until(() =>
          window.seen.events.some(({ event, payload }) => event === "gap" && payload.healed),
        );
        const before = reads.length;
        const end = await watcher.end(id);
        assert.deepEqual([end.status, end.source, end.counts.succeeded], ["completed", "socket", 4]);
        assert.equal(reads.length, before);
        assertSound((await watcher.seen()).jobs[id] ?? []);
        await watcher.close(proxy);
      });

      it("hears only the topics it asks for, also when its connection was cut and came back", async () => {
        const mark = `topics-${name}`;
        const witness = talkTo(server.url).socket("/");
        await witness.opened;
        const watcher = await connect({
          subscribe: { event: "subscribe", data: { topics: ["tracks"], from: mark } },
        });
        for (const times of [1, 2]) {
          // Said after the topics, so these are known when it is there.
          await watcher.test.page.evaluate((type) => window.client.send(type), `${mark}-${times}`);
          const all = await received(server.url, ({ type }) => type === `${mark}-${times}`);
          assert.deepEqual(
            all.filter(({ from }) => from === mark),
            Array(times).fill({ type: "subscribe", topics: ["tracks"], from: mark }),
          );
          for (const track of [{}, { trackId: `track-${times}` }])
            await notify(server.url, { jobId: `${mark}-${times}`, ...track, status: "processing" });
          await watcher.until(
            (track) => window.seen.events.some(({ payload }) => payload?.trackId === track),
            `track-${times}`,
          );
          if (times === 2) break;
          proxy.cut();
          await watcher.until(() => window.waits.length > 0);
          await watcher.state("open");
        }
        const track = (/** @type {any} */ { trackId }) => trackId ?? "none";
        assert.deepEqual((await told(watcher, "job_status")).map(track), ["track-1", "track-2"]);
        const [row] = (await watcher.audit()).filter(
          (/** @type {any} */ { event }) => event === "job_status",
        );
        assert.equal(row.received, 2);
        // Who asks for no topics is told everything.
        await witness.message(({ data }) => data?.trackId === "track-2");
        const published = witness.messages.filter(({ data }) => String(data?.jobId).startsWith(mark));
        assert.deepEqual(
          published.map(({ data }) => track(data)),
          ["none", "track-1", "none", "track-2"],
        );
        await watcher.close(proxy);
      });

      it("sends when it is connected; else it queues or drops, as the caller chooses", async () => {
        const watcher = await connect();
        /** @param {string} event @param {object} [options] */
        const send = (event, options) =>
          watcher.test.page.evaluate(
            (type, chosen) => window.client.send(type, { songs: [1, "two"] }, chosen),
            event,
            options,
          );
        const mark = `${name}-${proxy.counters.upgrades}`;
        assert.equal(await send(`${mark}-now`), "sent");
        await received(server.url, ({ type }) => type === `${mark}-now`);
        await proxy.mode("down");
        await watcher.state("waiting");
        assert.equal(await send(`${mark}-plain`), "queued");
        assert.equal(await send(`${mark}-volatile`, { volatile: true }), "dropped");
        assert.equal(await send(`${mark}-last`), "queued");
        await proxy.mode("pass");
        const all = await received(server.url, ({ type }) => type === `${mark}-last`);
        assert.deepEqual(
          all.filter(({ type }) => type.startsWith(mark)),
          ["now", "plain", "last"].map((when) => ({ type: `${mark}-${when}`, songs: [1, "two"] })),
        );
        const refused = await watcher.test.page.evaluate(() => {
          window.client.close();
          return window.client
            .send("late")
            .catch((/** @type {any} */ { code, message }) => `${code}: ${message}`);
        });
        assert.match(refused, /^closed: /);
        await watcher.close(proxy);
      });
    });
  }
});
