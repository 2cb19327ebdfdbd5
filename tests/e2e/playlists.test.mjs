/// <reference path="./pages/window.d.ts" />
/** System C in real browsers: imports and enrichments of the real back-end on Node's ws. */
import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { playlistIdOf, sampleCsv } from "../../examples/backends/ws/make-sample.mjs";
import { client as talkTo } from "../../examples/server/test-client.mjs";
import { BROWSERS, post, useStage } from "./stage.mjs";
import { startWs } from "./support/backend.mjs";
import { hasWorkers } from "./support/browser.mjs";
import {
  BroadcastPage,
  countBy,
  countEvents,
  EXISTING_EVENTS,
  MISSED_EVENTS,
  readMessage,
} from "./support/playlists.mjs";
import { tasksDuring } from "./support/tasks.mjs";

const EVENTS = { ...EXISTING_EVENTS, ...MISSED_EVENTS };
const PLAYLIST = playlistIdOf(0);
/** One with an id that is none, one with followers that are no number, one of a track that can't be enriched. */
const BAD_ROWS = [
  "short,Song,Singer,,,,1000,1",
  `${PLAYLIST},Song,Singer,,many,,1000,1`,
  `${PLAYLIST},Song,Singer,,,NO-ISRC,1000,1`,
  "",
].join("\n");
const ROWS = 120;
const CSV = sampleCsv(ROWS) + BAD_ROWS;
const BULK_ROWS = 10_000;
/** Two batches, so each phase lasts long enough to be shown. */
const FEW_ROWS = 100;
const PACE_MS = 500;
const METRICS_EVERY_MS = 1000;
/** A page that has much to do notes later what it is told. */
const LATE_MS = 300;
/** A page that gets no frame for so long is told by a timer. */
const OVERDUE_MS = 250;
/** From which on a task of the main thread is long: https://w3c.github.io/longtasks/ */
const LONG_TASK_MS = 50;

/** What a page may listen to: each event, each store, the table of the audit. */
const EVERYTHING = { events: Object.keys(EVENTS), kinds: ["track", "playlist"], jobs: true, audit: true };

/** Metrics of a playlist that a test makes up. @param {number} n */
const metrics = (n, playlistId = PLAYLIST) =>
  JSON.stringify({ type: "metric_update", data: { playlistId, id: 1, metrics: { n } } });

/** Of a message in history: flat ones are there with the type. @param {string} payload */
function readPayload(payload) {
  const data = JSON.parse(payload);
  delete data.type;
  return data;
}

/** @typedef {import("./support/playlists.mjs").Told} Told */

/** Whether one does not take the place of another. @param {Told} told */
const isToldEach = ({ event }) => /^(activity_logged|batch_complete)$/.test(event);

/** @param {Told} told */
const jobOf = ({ payload, jobId }) => payload.jobId ?? payload.importId ?? jobId;

/** @param {Told} told */
const isEndOfJob = ({ event, payload }) =>
  /^enrichment_job_(completed|failed)$/.test(event) || /^(completed|failed|cancelled)$/.test(payload.status);

/**
 * At most one notification a frame: of each event about one thing, and of each store. An end is told at once, and with it
 * what was held of the same job; nothing else may be told twice.
 * @param {readonly Told[]} told
 * @param {Record<string, Record<string, number>>} changes how often each store was told, by frame
 * @param {readonly number[]} times of the frames
 */
function assertOnceAFrame(told, changes, times) {
  /** @type {Map<number, Set<string>>} */
  const ended = new Map();
  for (const one of told.filter(isEndOfJob))
    ended.set(one.frame, new Set([...(ended.get(one.frame) ?? []), jobOf(one)]));
  const ends = (/** @type {number} */ frame) => ended.get(frame)?.size ?? 0;
  /** Frames there would have been, if the browser had given them. */
  const framesIn = (/** @type {number} */ frame) =>
    1 + Math.floor(((times[frame] ?? 0) - (times[frame - 1] ?? 0)) / OVERDUE_MS);
  const mostOf = (/** @type {number} */ frame, /** @type {string | undefined} */ job) =>
    framesIn(frame) + (job !== undefined && ended.get(frame)?.has(job) ? 1 : 0);

  /** @type {Map<string, Told[]>} */
  const alike = new Map();
  for (const one of told) {
    if (isToldEach(one)) continue;
    const { event, payload, frame } = one;
    const key = [event, payload.trackId ?? payload.playlistId ?? jobOf(one), "in frame", frame].join(" ");
    alike.set(key, [...(alike.get(key) ?? []), one]);
  }
  for (const [key, all] of alike) {
    const most = Math.max(...all.map((one) => mostOf(one.frame, jobOf(one))));
    assert.ok(all.length <= most, `${key}: told ${all.length} times`);
  }
  for (const [store, frames] of Object.entries(changes)) {
    for (const [frame, count] of Object.entries(frames)) {
      const [, job] = /^job (.*)/.exec(store) ?? [];
      const most = mostOf(Number(frame), job) + (store === "jobs" ? ends(Number(frame)) : 0);
      assert.ok(count <= most, `${store}: told ${count} times in frame ${frame}`);
    }
  }
}

/** @param {string} server @param {string[]} frames */
const replay = (server, ...frames) => post(`${server}/api/_control/replay`, frames);

/**
 * @param {string} server
 * @param {string} csv
 * @param {number} [pace] least time of a batch, ms
 * @returns {Promise<{ importId: string, jobId: string, total: number }>}
 */
const send = (server, csv, pace = 0) => post(`${server}/api/playlists/import?pace=${pace}`, csv);

describe("playlists", () => {
  const stage = useStage();
  /** @type {import("./support/backend.mjs").Backend[]} */
  const servers = [];
  /** @type {BroadcastPage[]} */
  const pages = [];

  afterEach(async () => {
    const used = pages.splice(0);
    await Promise.all(
      [...used, ...servers.splice(0)].map((one) => ("kill" in one ? one.kill() : one.close())),
    );
    assert.deepEqual(
      used.flatMap(({ test }) => test.errors),
      [],
    );
  });

  /** An empty library. @param {string} [envelope] */
  async function serve(envelope = "mixed") {
    const server = await startWs({ env: { ENVELOPE: envelope } });
    servers.push(server);
    return server.url;
  }

  /**
   * @param {typeof BROWSERS[number]} name
   * @param {string} server
   * @param {{ events?: readonly string[], kinds?: readonly string[] }} listeners
   * @param {object} [options] of the client
   */
  async function open(name, server, listeners, options) {
    const browser = await stage.browser(name);
    const page = await BroadcastPage.open(browser, stage.pages, { url: server, ...options }, listeners);
    pages.push(page);
    return page;
  }

  for (const name of BROWSERS) {
    describe(name, () => {
      it("are the same in each of the three envelopes, and in a mixture", async () => {
        /** @param {string} envelope */
        async function read(envelope) {
          const server = await serve(envelope);
          const events = ["enrichment_job_completed"];
          const page = await open(name, server, { events, kinds: ["track", "playlist"] });
          const { jobId } = await send(server, CSV);
          await page.hears("enrichment_job_completed");
          const { status, progress, counts } = await page.end(jobId);
          // Analytics come by the clock.
          const rows = (await page.audit()).filter(({ event }) => event !== "analytics_updated");
          const received = rows.map(({ event, received, invalid }) => [event, received, invalid]);
          const [tracks, playlists] = [await page.entities("track"), await page.entities("playlist")];
          return { job: { status, progress, counts }, received, tracks, playlists };
        }
        const [first, ...others] = await Promise.all(["type", "event", "flat", "mixed"].map(read));
        assert.ok(first);
        const counts = { total: ROWS + 1, processed: ROWS + 1, succeeded: ROWS, failed: 1 };
        assert.deepEqual(first.job, { status: "completed", progress: 100, counts });
        assert.equal(first.tracks.length, ROWS + 1);
        assert.deepEqual(
          countBy(first.tracks, ({ status }) => status),
          { enriched: ROWS, failed: 1 },
        );
        for (const other of others) assert.deepEqual(other, first);
      });

      it("tell every event with its type: those that there were, and those that were missing", async () => {
        const server = await serve();
        const page = await open(name, server, { events: [...Object.keys(EVENTS), "invalid"] });
        const { jobId } = await send(server, CSV);
        await page.end(jobId);
        await post(`${server}/api/playlists/${PLAYLIST}`, { followers: 12 });
        const { jobId: doomed } = await post(`${server}/api/playlists/${PLAYLIST}/enrich?fail=1`);
        const { status, error } = await page.end(doomed);
        assert.equal(status, "failed");
        assert.match(error.message, /catalogue/);
        for (const event of Object.keys(EVENTS)) await page.hears(event);
        const told = await page.told();
        for (const [event, members] of Object.entries(EVENTS)) {
          const payloads = told.filter((one) => one.event === event).map(({ payload }) => payload);
          for (const payload of payloads) {
            const types = Object.keys(members).map((member) => [member, typeof payload[member]]);
            assert.deepEqual(Object.fromEntries(types), members, `${event}: ${JSON.stringify(payload)}`);
          }
        }
        assert.equal(countEvents(told)["invalid"], undefined);

        // The change of a track is one step of it, from old to new.
        const steps = told.filter(({ event }) => event === "track_status_changed");
        for (const { payload } of steps) assert.notEqual(payload.oldStatus, payload.newStatus);

        await replay(server, '{"event":"track_status_changed","data":{"trackId":{},"newStatus":7}}');
        await page.hears("invalid");
        const [refused] = (await page.told()).filter(({ event }) => event === "invalid");
        assert.equal(refused?.payload.event, "track_status_changed");
        assert.ok(refused.payload.reason);
      });

      it("tell the phases of an enrichment in their order, and the job has each as its stage", async () => {
        const server = await serve();
        const events = ["enrichment_phase_started", "enrichment_phase_completed"];
        const page = await open(name, server, { events });
        await page.page.evaluate(() => {
          window.stages = {};
          window.client.jobs().subscribe((/** @type {any[]} */ jobs) => {
            for (const { id, status, stage } of jobs) {
              const stages = (window.stages[id] ??= []);
              if (stage !== undefined && stages.at(-1)?.stage !== stage) stages.push({ status, stage });
            }
          });
        });
        const { jobId } = await send(server, sampleCsv(FEW_ROWS), PACE_MS);
        assert.equal((await page.end(jobId)).status, "completed");
        const told = await page.told();
        assert.ok(told.every((one) => one.jobId === jobId && one.payload.jobId === jobId));
        assert.deepEqual(
          told.map(({ event, payload }) => [event, payload.phase]),
          [1, 2, 3].flatMap((phase) => events.map((event) => [event, phase])),
        );
        const stages = await page.page.evaluate((id) => window.stages[id], jobId);
        assert.deepEqual(
          stages,
          ["1", "2", "3"].map((stage) => ({ status: "running", stage })),
        );
      });

      it("are audited: what came, what was told, what nobody heard, and listeners that never fired", async () => {
        const server = await serve();
        const silent = ["quota_changed", "enrichment_job_failed"];
        const unheard = ["chartmetric_progress", "playlist_updated"];
        const heard = Object.keys(EVENTS).filter((event) => ![...silent, ...unheard].includes(event));
        const page = await open(name, server, { events: [...heard, ...silent], kinds: ["playlist"] });
        const witness = talkTo(server).socket("/");
        await witness.opened;
        const { jobId } = await send(server, CSV);
        await page.end(jobId);
        await post(`${server}/api/playlists/${PLAYLIST}`, { followers: 12 });
        // The last that is told, a second after the last change.
        await witness.message((message) => {
          const { event, data } = readMessage(message);
          return event === "analytics_updated" && data.enriched === ROWS && data.followers === 7931;
        });
        await page.received(witness.frames.length);
        const sent = countEvents(witness.messages.map(readMessage));
        // What is held back for a second is yet to be told.
        await page.until(
          (ids) =>
            ids.every((id) => {
              const { told, entities } = window.playlists;
              const metrics = told.findLast(
                (/** @type {any} */ { event, payload }) =>
                  event === "metric_update" && payload.playlistId === id,
              )?.payload.metrics;
              const known = entities("playlist").find((/** @type {any} */ one) => one.id === id)?.data
                .metrics;
              return metrics && JSON.stringify(metrics) === JSON.stringify(known);
            }),
          [PLAYLIST, playlistIdOf(1)],
        );
        const told = countEvents(await page.told());
        const rows = new Map((await page.audit()).map((row) => [row.event, row]));
        for (const event of Object.keys(EVENTS)) {
          const row = rows.get(event);
          const isHeard = heard.includes(event);
          assert.equal(row?.received ?? 0, sent[event] ?? 0, event);
          assert.equal(row?.delivered ?? 0, told[event] ?? 0, event);
          assert.equal(row?.unhandled ?? 0, isHeard ? 0 : (sent[event] ?? 0), event);
          assert.equal(row?.invalid ?? 0, 0, event);
        }
        for (const event of heard) assert.ok(rows.get(event)?.delivered, event);
        const neverFired = [...rows.values()].filter(
          ({ listeners, delivered }) => listeners > 0 && delivered === 0,
        );
        assert.deepEqual(neverFired.map(({ event }) => event).sort(), [...silent].sort());
        const nobody = [...rows.values()].filter(({ unhandled }) => unhandled > 0);
        assert.deepEqual(nobody.map(({ event }) => event).sort(), unheard);
      });

      it("tell metrics of each playlist once a second, and the last of each always", async () => {
        const server = await serve();
        // More come in three seconds than are kept otherwise.
        const page = await open(name, server, { events: ["metric_update"] }, { history: 100_000 });
        const playlists = [PLAYLIST, playlistIdOf(1)];
        const count = () =>
          page.page.evaluate(
            (ids) =>
              Math.min(
                ...ids.map(
                  (id) =>
                    window.playlists.told.filter(
                      (/** @type {any} */ { payload }) => payload.playlistId === id,
                    ).length,
                ),
              ),
            playlists,
          );
        // All in one frame: what the socket brings may be told in several frames of the page.
        let sent = 0;
        const both = () => {
          sent += 1;
          return playlists.map((id, place) => metrics(sent * (place === 0 ? 1 : 10), id));
        };
        while ((await count()) < 3) await replay(server, `[${[...both(), ...both(), ...both()].join(",")}]`);
        await page.until(
          (ids, last) =>
            ids.every(
              (id, place) =>
                window.playlists.told.findLast((/** @type {any} */ { payload }) => payload.playlistId === id)
                  ?.payload.metrics.n ===
                last * (place === 0 ? 1 : 10),
            ),
          playlists,
          sent,
        );
        const told = await page.told();
        for (const [place, id] of playlists.entries()) {
          const own = told.filter(({ payload }) => payload.playlistId === id);
          assert.ok(sent > own.length);
          for (const [before, { at }] of own.slice(1).entries()) {
            const since = at - (own[before]?.at ?? 0);
            assert.ok(since >= METRICS_EVERY_MS - LATE_MS, `${since} ms after the one before`);
          }
          const span = (own.at(-1)?.at ?? 0) - (own[0]?.at ?? 0);
          assert.ok(span >= (own.length - 1) * METRICS_EVERY_MS - LATE_MS, `${own.length} within ${span} ms`);
          const values = own.map(({ payload }) => payload.metrics.n / (place === 0 ? 1 : 10));
          assert.deepEqual(
            values,
            [...new Set(values)].sort((one, other) => one - other),
          );
          assert.equal(values.at(-1), sent);
        }
        // The second of the one holds back nothing of the other.
        assert.deepEqual(
          told
            .slice(0, 2)
            .map(({ payload }) => payload.playlistId)
            .sort(),
          [...playlists].sort(),
        );
        assert.equal(told[0]?.frame, told[1]?.frame);
        const [row] = await page.audit();
        assert.deepEqual([row?.received, row?.delivered], [2 * sent, told.length]);
        assert.equal((await page.inspect()).history.length, 2 * sent);
      });

      it("tell an end at once, whatever is held back", async () => {
        const server = await serve();
        const ends = ["enrichment_job_completed", "enrichment_job_failed", "batch_complete"];
        const page = await open(name, server, { events: ["metric_update", ...ends] });
        await replay(server, metrics(1));
        await page.hears("metric_update");
        const frames = ends.map((event, n) => JSON.stringify({ type: event, jobId: `job-${n}`, batch: n }));
        await replay(server, metrics(2), ...frames);
        await page.hears("metric_update", 2);
        const [first, ...others] = await page.told();
        assert.equal(first?.event, "metric_update");
        assert.deepEqual(
          others.map(({ event }) => event),
          [...ends, "metric_update"],
        );
        // With the message itself: no frame is waited for.
        assert.ok(others.slice(0, ends.length).every(({ isInFrame }) => !isInFrame));
      });

      for (const worker of [false, true]) {
        it(`lose nothing of an import of 10,000 rows, and tell it frame by frame, ${worker ? "in a worker" : "in the page"}`, async () => {
          const server = await serve();
          const page = await open(name, server, EVERYTHING, { history: 40_000, worker });
          assert.equal(hasWorkers(page.page), worker);
          const witness = talkTo(server).socket("/");
          await witness.opened;
          const counts = { total: BULK_ROWS, processed: BULK_ROWS, succeeded: BULK_ROWS, failed: 0 };
          const { importId, jobId } = await send(server, sampleCsv(BULK_ROWS));
          for (const id of [importId, jobId]) {
            const { status, progress, counts: counted } = await page.end(id);
            assert.deepEqual([status, progress, counted], ["completed", 100, counts]);
          }
          await page.shows("track", { enriched: BULK_ROWS });
          await witness.message((message) => {
            const { event, data } = readMessage(message);
            return event === "analytics_updated" && data.enriched === BULK_ROWS;
          });
          await page.received(witness.frames.length);

          const { history, counters } = await page.inspect();
          const sent = witness.messages.map(readMessage);
          assert.ok(sent.length > 3 * BULK_ROWS);
          assert.equal(counters["invalid"], 0);
          assert.deepEqual(
            history.map(({ event, payload }) => ({ event, data: readPayload(payload) })),
            sent,
          );

          const read = async (/** @type {string} */ path) => (await fetch(`${server}/api/${path}`)).json();
          const { playlists } = await read("playlists");
          const shown = new Map((await page.entities("playlist")).map(({ id, data }) => [id, data]));
          for (const { playlistId, name: title, followers, metrics: figures } of playlists) {
            const { name: told, followers: followedBy, metrics: counted } = shown.get(playlistId);
            assert.deepEqual([told, followedBy, counted], [title, followers, figures]);
          }
          const tracks = await page.entities("track");
          assert.equal(tracks.length, BULK_ROWS);
          assert.ok(tracks.every(({ status, data }) => status === "enriched" && data.score >= 0));

          const [changes, times] = await page.page.evaluate(() => {
            const { changes: counted, frameTimes } = window.playlists;
            return [counted, frameTimes];
          });
          assertOnceAFrame(await page.told(), changes, times);
        });
      }
    });
  }

  for (const worker of [false, true]) {
    // Other browsers do not tell of tasks.
    it(`take no task over 50 ms of CPU time for an import of 10,000 rows, ${worker ? "in a worker" : "in the page"}, in chromium`, async () => {
      /** @type {import("./support/tasks.mjs").Task[]} */
      let long = [];
      // A machine with much else to do makes tasks longer: one import without a long one shows that none is needed.
      for (let tries = 0; tries < 3; tries += 1) {
        const server = await serve();
        const page = await open("chromium", server, EVERYTHING, { history: 40_000, worker });
        assert.equal(hasWorkers(page.page), worker);
        const tasks = await tasksDuring(page.page, async () => {
          await send(server, sampleCsv(BULK_ROWS));
          await page.shows("track", { enriched: BULK_ROWS });
        });
        assert.ok(tasks.length > 10, "the page's tasks are seen");
        long = tasks.filter(({ ms }) => ms > LONG_TASK_MS);
        if (long.length === 0) return;
      }
      assert.deepEqual(long, []);
    });
  }
});
