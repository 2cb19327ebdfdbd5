/**
 * Whatever a server may send by mistake or on purpose, in real browsers: docs/bad-input.md row by row. What the client
 * counts and logs is read from there; a row without a test and a test without a row are failures.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { BROWSERS, FAST_HEARTBEAT, SyntheticJob, useStage } from "./stage.mjs";
import { startEmbeddedServer } from "./support/backend.mjs";
import { createFaultProxy } from "./support/proxy.mjs";

/**
 * @typedef {object} Case
 * @property {(id: string) => unknown[]} frames as `_replay` takes them
 * @property {(seen: { before: any, job: any, events: any[] }) => void} check that the client did what the table says
 */

const ROW = /^\| (.+?) +\| (.+?) +\| (.+?) +\| (.+?) +\|$/gm;
const [section = ""] = readFileSync(new URL("../../docs/bad-input.md", import.meta.url), "utf8").split(
  "\n## ",
);
const table = [...section.matchAll(ROW)]
  .map(([, input, does, counts, logs]) => ({ input, does, counts, logs }))
  .filter(({ input }) => input !== "Input" && !/^-+$/.test(String(input)));

const PROGRESS = { type: "progress", progress: 33, stage: "hash", message: "" };
/** @param {object} fields */
const progress = (fields) => (/** @type {string} */ id) => [
  JSON.stringify({ ...PROGRESS, job_id: id, ...fields }),
];
/** @param {string} value JSON text, or what is none */
const progressText = (value) => (/** @type {string} */ id) => [
  `{"type":"progress","job_id":"${id}","progress":${value}}`,
];
/** @param {...string} texts */
const verbatim =
  (...texts) =>
  () =>
    texts;
/** @param {Buffer} bytes */
const binary = (bytes) => [{ base64: bytes.toString("base64") }];

/** Dropped: the job stays as it was. @type {Case["check"]} */
const unchanged = ({ before, job, events }) => {
  assert.deepEqual(job, before);
  assert.ok(events.every(({ event }) => event === "invalid" || event === "heartbeat"));
};
/** @param {object} fields @returns {Case["check"]} */
const changed =
  (fields) =>
  ({ before, job }) => {
    const shown = Object.fromEntries(Object.keys(fields).map((name) => [name, job[name]]));
    assert.deepEqual(shown, fields);
    assert.equal(job.attempt, before.attempt);
  };

/** @type {Record<string, Case>} */
const CASES = {
  "not JSON": { frames: verbatim("<html>502 Bad Gateway</html>"), check: unchanged },
  "JSON cut off": { frames: (id) => [`{"type":"progress","job_id":"${id}","pro`], check: unchanged },
  "a string for an object": { frames: verbatim('"progress"'), check: unchanged },
  "`type` missing": { frames: (id) => [JSON.stringify({ job_id: id, progress: 33 })], check: unchanged },
  "`type` a number": { frames: progress({ type: 7 }), check: unchanged },
  "`progress` missing": { frames: progress({ progress: undefined }), check: unchanged },
  "`progress` NaN": { frames: progressText("NaN"), check: unchanged },
  "`progress` −1": { frames: progressText("-1"), check: unchanged },
  "`progress` 1e9": { frames: progressText("1e9"), check: unchanged },
  "`progress` 1e999": { frames: progressText("1e999"), check: unchanged },
  '`progress` "45"': { frames: progressText('"45"'), check: unchanged },
  "`stage` an object": { frames: progress({ stage: {} }), check: unchanged },
  "`error` a string": { frames: progress({ type: "error", error: "out of memory" }), check: unchanged },
  "`job_id` an array": { frames: progress({ job_id: [] }), check: unchanged },
  "unknown type": {
    frames: progress({ type: "lyrics_found", verse_count: 3 }),
    check({ before, job, events }) {
      assert.deepEqual(job, before);
      const own = events.find(({ event }) => event === "lyrics_found");
      assert.equal(own.payload.verse_count, 3);
    },
  },
  "unknown stage": {
    frames: progress({ stage: "polishing" }),
    check: changed({ stage: "polishing", progress: 33 }),
  },
  "`job_id` of 2 kB": { frames: progress({ job_id: "x".repeat(2048) }), check: unchanged },
  "`type` of 2 kB": { frames: progress({ type: "x".repeat(2048) }), check: unchanged },
  "`stage` of 2 kB": { frames: progress({ stage: "x".repeat(2048) }), check: unchanged },
  "`message` of 100 kB": {
    frames: progress({ message: "x".repeat(100_000) }),
    check: changed({ progress: 33, message: `${"x".repeat(65_533)}…` }),
  },
  "text frame of 5 MB": { frames: progress({ message: "x".repeat(5_000_000) }), check: unchanged },
  "binary frame of 5 MB": {
    frames: () => binary(Buffer.alloc(5_000_000, " ")),
    check: unchanged,
  },
  "nested 100,000 deep": { frames: (id) => nested(id, 100_000), check: unchanged },
  "nested 60 deep": { frames: (id) => nested(id, 60), check: changed({ progress: 33 }) },
  "`__proto__` keys": {
    frames: (id) => [
      `{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"type":"progress","job_id":"${id}",` +
        `"progress":33,"stage":"__proto__"}`,
    ],
    check: changed({ progress: 33, stage: "__proto__" }),
  },
  "type `__proto__`": {
    frames: progress({ type: "__proto__" }),
    check({ before, job, events }) {
      assert.deepEqual(job, before);
      assert.ok(events.some(({ event }) => event === "__proto__"));
    },
  },
  "lone surrogates": {
    frames: (id) => [`{"type":"progress","job_id":"${id}","progress":33,"message":"a\\ud800b\\udc00"}`],
    check: changed({ progress: 33, message: "a\ufffdb\ufffd" }),
  },
  "event for another job": { frames: progress({ job_id: "somebody-else" }), check: unchanged },
  "binary frame, UTF-8": {
    frames: (id) => binary(Buffer.from(JSON.stringify({ ...PROGRESS, job_id: id, message: "ž" }))),
    check: changed({ progress: 33, message: "ž" }),
  },
  "binary frame, not UTF-8": {
    frames: () => binary(Buffer.from([0x7b, 0xff, 0xfe, 0x7d])),
    check: unchanged,
  },
  "empty frame": { frames: verbatim(""), check: unchanged },
  "U+001E in a string": {
    frames: (id) => [`{"type":"progress","job_id":"${id}","progress":33,"message":"a\u001eb"}`],
    check: unchanged,
  },
  "an array with one bad message": {
    frames: (id) => {
      const good = (/** @type {number} */ value) =>
        JSON.stringify({ ...PROGRESS, job_id: id, progress: value });
      return [`[${good(31)},{"type":"progress","job_id":"${id}","progress":-5},${good(33)}]`];
    },
    check: changed({ progress: 33 }),
  },
};

/** @param {string} id @param {number} depth */
const nested = (id, depth) => [
  `{"type":"progress","job_id":"${id}","progress":33,"extra":${"[".repeat(depth)}${"]".repeat(depth)}}`,
];

/**
 * "`progress`: received 2, invalid 1" as figures.
 * @param {string} text
 */
function figuresOf(text) {
  const [, event = "", received, invalid] = /^`(.+)`: received (\d), invalid (\d)$/.exec(text) ?? [];
  assert.ok(event, `The table counts in no known way: ${text}`);
  return { event, received: Number(received), invalid: Number(invalid) };
}

describe("bad input", () => {
  const stage = useStage();
  /** @type {import("./support/backend.mjs").Backend} */
  let server;
  /** @type {import("./support/proxy.mjs").FaultProxy} */
  let proxy;
  before(async () => {
    server = await startEmbeddedServer({ env: { ...FAST_HEARTBEAT, HEARTBEAT_MS: "10000" } });
    proxy = await createFaultProxy({ target: server.url });
  });
  after(async () => {
    await proxy?.close();
    await server?.kill();
  });

  it("is tested as far as docs/bad-input.md tells of it, and the other way round", () => {
    assert.deepEqual(table.map(({ input }) => input).sort(), Object.keys(CASES).sort());
  });

  for (const name of BROWSERS) {
    describe(name, () => {
      /** @type {import("./stage.mjs").Watcher} */
      let watcher;
      let jobs = 0;

      for (const { input, counts, logs } of table) {
        it(String(input), async () => {
          const { frames, check } = /** @type {Case} */ (CASES[String(input)]);
          const id = `bad-${name}-${++jobs}`;
          const job = await SyntheticJob.make(server.url, id, { progress: 20, message: "" });
          watcher = await stage.watch(name, {
            url: proxy.url,
            heartbeat: { interval: 30_000, timeout: 5000 },
          });
          await watcher.follow(id);
          await watcher.state("open");
          await watcher.until((id) => window.client.job(id).current.progress === 20, id);
          const before = await watcher.test.page.evaluate((id) => window.client.job(id).current, id);
          const { upgrades } = proxy.counters;
          const { counters: was } = await watcher.inspect();
          const { event, received, invalid } = figuresOf(String(counts));
          const rowOf = async () =>
            (await watcher.audit()).find((/** @type {any} */ row) => row.event === event);
          const rowBefore = await rowOf();

          // The frame after it says that it has been read.
          await job.replay(...frames(id), JSON.stringify({ type: "barrier", job_id: id }));
          await watcher.until(() => window.seen.events.some((one) => one.event === "barrier"));
          const seen = await watcher.seen();
          const at = seen.events.findIndex((one) => one.event === "barrier");
          const handed = seen.events.slice(0, at).filter((one) => one.event !== "job");
          // What came before the bad frame is no concern of it.
          const events = handed.filter(({ event }) => !["connected", "gap", "snapshot"].includes(event));
          const after = await watcher.test.page.evaluate((id) => window.client.job(id).current, id);
          check({ before, job: after, events });

          const { counters } = await watcher.inspect();
          assert.equal(counters.invalid - was.invalid, invalid);
          const row = await rowOf();
          assert.equal((row?.received ?? 0) - (rowBefore?.received ?? 0), received);
          assert.equal((row?.invalid ?? 0) - (rowBefore?.invalid ?? 0), invalid);

          const offered = events.filter(({ event }) => event === "invalid").map(({ payload }) => payload);
          assert.equal(offered.length, invalid);
          const [, code, message] = /^`([a-z0-9-]+)`: (.+)$/.exec(String(logs)) ?? [];
          const entries = seen.logs.map(({ level, code, message, jobId }) => ({
            level,
            code,
            message,
            jobId,
          }));
          if (invalid > 0) {
            const told = (/** @type {string | undefined} */ text) =>
              text?.replace(/\d+(?= bytes)|(?<=at byte )\d+/, "BYTE");
            assert.equal(told(entries[0]?.message), told(message));
            assert.deepEqual(entries, [{ level: "warn", code, message: entries[0]?.message, jobId: id }]);
            assert.equal(offered[0].code, code);
            assert.ok(entries[0]?.message.endsWith(offered[0].reason));
            assert.ok(offered[0].raw.length <= 1001);
          } else {
            assert.deepEqual(entries, code ? [{ level: "warn", code, message, jobId: undefined }] : []);
            if (!code) assert.equal(logs, "nothing");
          }

          const polluted = await watcher.test.page.evaluate(
            () => Object.keys(Object.prototype).length > 0 || "polluted" in {},
          );
          assert.equal(polluted, false);
          await job.set({ progress: 77 });
          await watcher.until((id) => window.client.job(id).current.progress === 77, id);
          await job.complete();
          assert.equal((await watcher.end(id)).status, "completed");
          // It was the same connection all the time.
          assert.equal(proxy.counters.upgrades, upgrades);
          assert.equal(await watcher.count("completed"), 1);
          await watcher.close(proxy);
        });
      }
    });
  }
});
