/// <reference path="./pages/window.d.ts" />
/** The client's `map` in real browsers: the real playlist back-end, with names of its own for members and events. */
import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { sampleCsv } from "../../examples/backends/ws/make-sample.mjs";
import { BROWSERS, post, useStage } from "./stage.mjs";
import { startWs } from "./support/backend.mjs";
import { hasWorkers } from "./support/browser.mjs";
import { BroadcastPage, countEvents } from "./support/playlists.mjs";

const ROWS = 120;
const MAP = {
  fields: {
    type: "kind",
    event: "what",
    data: "body",
    jobId: "task",
    trackId: "song",
    playlistId: "list",
    importId: "upload",
    status: "state",
    newStatus: "is",
    oldStatus: "was",
    progress: "done",
    total: "all",
    processed: "seen",
    succeeded: "good",
    failed: "bad",
  },
  events: {
    task_moved: "job_status_changed",
    task_finished: "enrichment_job_completed",
    song_moved: "track_status_changed",
    rows_read: "bulk_import_progress",
  },
};
const NAMED = Object.values(MAP.events);

/** A flat message is told whole: its type is what the server calls the event. @param {any} entity */
const withoutType = ({ data, ...entity }) => ({ ...entity, data: { ...data, type: undefined } });

describe("a server with other names", () => {
  const stage = useStage();
  /** @type {import("./support/backend.mjs").Backend[]} */
  const servers = [];
  /** @type {BroadcastPage[]} */
  const pages = [];

  afterEach(async () => {
    const used = pages.splice(0);
    await Promise.all([...used.map((page) => page.close()), ...servers.splice(0).map((one) => one.kill())]);
    assert.deepEqual(
      used.flatMap(({ test }) => test.errors),
      [],
    );
  });

  /**
   * What a client comes to know of an import and its enrichment.
   * @param {typeof BROWSERS[number]} name
   * @param {Record<string, string>} env of the server
   * @param {{ map?: object, worker?: boolean }} options of the client
   */
  async function read(name, env, options) {
    const server = await startWs({ env });
    servers.push(server);
    const listeners = { events: [...NAMED, "invalid"], kinds: ["track", "playlist"] };
    const given = { url: server.url, polling: false, ...options };
    const page = await BroadcastPage.open(await stage.browser(name), stage.pages, given, listeners);
    pages.push(page);
    const { importId, jobId } = await post(`${server.url}/api/playlists/import`, sampleCsv(ROWS));
    const jobs = [];
    for (const id of [importId, jobId]) {
      const { status, progress, counts } = await page.end(id);
      jobs.push({ status, progress, counts });
    }
    await page.hears("enrichment_job_completed");
    await page.until(
      (rows) =>
        window.playlists.entities("track").filter((/** @type {any} */ { status }) => status === "enriched")
          .length === rows,
      ROWS,
    );
    // Analytics come by the clock.
    const rows = (await page.audit()).filter(({ event }) => event !== "analytics_updated");
    const told = await page.told();
    assert.equal(hasWorkers(page.page), options.worker === true);
    return {
      jobs,
      received: rows.map(({ event, received, invalid }) => [event, received, invalid]),
      heard: Object.keys(countEvents(told)).sort(),
      members: new Set(
        told.flatMap(({ event, payload }) => Object.keys(payload).map((one) => `${event}.${one}`)),
      ),
      tracks: (await page.entities("track")).map(withoutType),
      playlists: (await page.entities("playlist")).map(withoutType),
    };
  }

  for (const name of BROWSERS) {
    it(`tells the same with a map as one with the usual names does without, in ${name}`, async () => {
      const counts = { total: ROWS, processed: ROWS, succeeded: ROWS, failed: 0 };
      for (const ENVELOPE of ["mixed", "type", "event", "flat"]) {
        const usual = await read(name, { ENVELOPE }, {});
        assert.deepEqual(usual.jobs, Array(2).fill({ status: "completed", progress: 100, counts }));
        assert.deepEqual(usual.heard, [...NAMED].sort());
        const worker = ENVELOPE === "mixed";
        const mapped = await read(name, { ENVELOPE, NAMES: JSON.stringify(MAP) }, { map: MAP, worker });
        assert.deepEqual(mapped, usual, `with ${ENVELOPE} envelopes`);
      }
    });
  }
});
