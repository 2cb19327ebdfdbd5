import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { TimeLimitError, WorkerPool } from "./pool.mjs";

const folder = mkdtempSync(join(tmpdir(), "jobwire-pool-"));
after(() => rmSync(folder, { recursive: true }));
const script = join(folder, "work.mjs");
writeFileSync(
  script,
  `import { parentPort } from "node:worker_threads";
   const hold = [];
   parentPort.on("message", (work) => {
     if (work === "loop") for (;;);
     if (work === "match") /^(a+)+$/.test("a".repeat(64) + "b");
     if (work === "memory") for (;;) hold.push(new Array(1e6).fill(hold.length));
     parentPort.postMessage({ done: true, work });
   });`,
);

/** @type {WorkerPool<{ done: boolean, work: string }>} */
const pool = new WorkerPool(pathToFileURL(script), 1);
after(() => pool.close());

/** @param {string} input @param {number} limitMs @returns {Promise<string>} */
const run = (input, limitMs) =>
  new Promise((resolve, reject) =>
    pool.run({ input, limitMs, onUpdate: ({ work }) => resolve(work), onCrash: reject }),
  );

describe("a thread", () => {
  it("is ended when its work takes too long, in a loop or in a pattern, and the next task has another", async () => {
    for (const endless of ["loop", "match"]) {
      const [slow, next] = await Promise.allSettled([run(endless, 200), run("next", 60_000)]);
      assert.equal(slow.status === "rejected" && slow.reason instanceof TimeLimitError, true, endless);
      assert.deepEqual(next, { status: "fulfilled", value: "next" });
    }
  });

  it("is ended when its work takes too much memory, and the process goes on", async () => {
    await assert.rejects(run("memory", 120_000), { code: "ERR_WORKER_OUT_OF_MEMORY" });
    assert.equal(await run("next", 60_000), "next");
  });

  it("has its time from when it begins, not from when it waits", async () => {
    const waiting = Array.from({ length: 5 }, () => run("next", 60_000));
    assert.equal((await Promise.all(waiting)).length, 5);
  });
});
