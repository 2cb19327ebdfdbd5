/** Imports made to be slow or large: each row is bounded, and the work on it grows with its length only. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { client } from "../../server/test-client.mjs";
import { readMetadata } from "./enrichment.mjs";
import { sampleCsv } from "./make-sample.mjs";
import { startServer } from "./server.mjs";

const ID = "0123456789abcdefghijAB";
const HEADER = "playlist_id,playlist_name,track_name,artist_name,isrc,streams";
const MEGABYTE = 1024 * 1024;

/** @param {Partial<import("./config.mjs").Config>} [options] */
async function testServer(options = {}) {
  const server = await startServer({ port: 0, tokens: [], ...options });
  after(() => server.close());
  return client(server.url);
}

const server = await testServer({ workMs: 60_000 });

/** @param {string} csv */
const send = (csv) => server.call("/api/playlists/import", { method: "POST", body: csv });

/** @param {ReturnType<typeof client>} at @param {string} id */
async function ended(at, id) {
  for (;;) {
    const { body } = await at.call(`/api/enrichment/jobs/${id}`);
    if (!["queued", "running"].includes(body.status)) return body;
    await delay(20);
  }
}

/** Texts that hold up patterns which look at a place more than once. @type {Readonly<Record<string, string>>} */
const TEXTS = {
  "white space": `a${" ".repeat(MEGABYTE)}b`,
  "line ends": `a${"(\n".repeat(MEGABYTE / 2)}b`,
  guests: "a feat. ".repeat(MEGABYTE / 8),
  "halves of guests": `a${" fea".repeat(MEGABYTE / 4)}`,
  separators: "a, ".repeat(MEGABYTE / 3),
  brackets: `a${"(".repeat(MEGABYTE)}`,
  dashes: "a - ".repeat(MEGABYTE / 4),
};

describe("the metadata of a track", () => {
  for (const [name, text] of Object.entries(TEXTS)) {
    it(`is read in time that grows with its length: ${name}`, () => {
      const track = { trackName: text, artistName: text, isrc: "", durationMs: 1, streams: 1 };
      assert.ok(readMetadata(track).title.length <= text.length);
    });
  }
});

describe("an import", () => {
  it("refuses rows with long texts, and takes the others", async () => {
    const long = "x".repeat(60_000);
    const rows = [`${ID},,${long},b,,1`, `${long},,a,b,,1`, `${ID},${long},a,b,,1`, `${ID},,a,b,${long},1`];
    const { body } = await send([HEADER, ...rows, `${ID},name,a,b,,1`].join("\n"));
    const { progress } = await ended(server, body.importId);
    assert.deepEqual(progress, { processed: 5, succeeded: 1, failed: 4, total: 5 });
    assert.equal((await ended(server, body.jobId)).progress.succeeded, 1);
  });

  it("ends in time whatever its texts are", async () => {
    for (const csv of [
      `${HEADER}\n${`${ID},,a,"${" ".repeat(190)}\u0301\u0323",,1\n`.repeat(5_000)}`,
      `${HEADER}\n${`${ID},,"${"a\u0301\u0323".repeat(60)}",artist,,1\n`.repeat(2_000)}`,
      `${HEADER}\n${",".repeat(MEGABYTE)}`,
      `${HEADER}\n"${"x".repeat(MEGABYTE)}`,
      `${"a,".repeat(20_000)}${HEADER}\n${"x\n".repeat(MEGABYTE / 2)}`,
      `${HEADER}\n${"\n".repeat(MEGABYTE)}`,
      `${HEADER}\n${`${"z".repeat(22)},,a,,,1\n`.repeat(20_000)}`,
    ]) {
      const { status, body } = await send(csv);
      if (status === 400) continue;
      assert.equal(status, 202);
      for (const id of [body.importId, body.jobId])
        assert.doesNotMatch((await ended(server, id)).error ?? "", /the most that it may take/);
    }
  });

  it("fails when it takes too long, and the next one has its turn", async () => {
    const hasty = await testServer({ workMs: 10 });
    const large = (await hasty.call("/api/playlists/import", { method: "POST", body: sampleCsv(50_000) }))
      .body;
    for (const id of [large.importId, large.jobId]) {
      const { status, error } = await ended(hasty, id);
      if (id === large.importId) assert.equal(status, "failed");
      if (status === "failed") assert.match(error, /took more than 0\.01 s, the most that it may take/);
    }
    assert.equal((await hasty.call("/healthz")).text, "ok");
  });
});

describe("the metrics of a playlist", () => {
  it("are the sums over its tracks, also when they are enriched again", async () => {
    const { importId, jobId } = (await send(sampleCsv(250))).body;
    await ended(server, importId);
    await ended(server, jobId);
    const { playlists } = (await server.call("/api/playlists")).body;
    const again = playlists.find((/** @type {any} */ one) => one.metrics.trackCount === 100);
    const { jobId: second } = (await server.post(`/api/playlists/${again.playlistId}/enrich`)).body;
    await ended(server, second);
    const { tracks, metrics } = (await server.call(`/api/playlists/${again.playlistId}`)).body;
    const sum = (/** @type {string} */ name) =>
      tracks.reduce((/** @type {number} */ all, /** @type {any} */ track) => all + track[name], 0);
    const { trackCount, enriched, totalStreams, averageScore } = metrics;
    assert.deepEqual([trackCount, enriched, totalStreams], [100, 100, sum("streams")]);
    assert.ok(Math.abs(averageScore - sum("score") / 100) < 0.01);
  });
});
