import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { withLock } from "./lock.mjs";

const NO_PROCESS = 2 ** 22 + 1;
const quiet = () => {};

let folder = "";
let lock = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "jobwire-lock-"));
  lock = join(folder, "lock");
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What a process that was killed in its work left behind. @param {number} [count] */
function leaveDead(count = 1) {
  mkdirSync(lock, { recursive: true });
  for (let place = 0; place < count; place += 1) writeFileSync(join(lock, `${NO_PROCESS}.${place}`), "");
}

test("two builds never run at once", async () => {
  let running = 0;
  let most = 0;
  const work = async () => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
  };
  await Promise.all([withLock(lock, quiet, work), withLock(lock, quiet, work)]);
  assert.equal(most, 1);
});

test("the lock of a build that died is taken over", async () => {
  leaveDead();
  assert.equal(await withLock(lock, quiet, () => "built"), "built");
  assert.deepEqual(readdirSync(lock), []);
});

test("whoever removes what a dead build left takes nothing from a build that runs", async () => {
  leaveDead();
  /** @type {string[]} */
  const said = [];
  let waited = false;
  let second = Promise.resolve();
  await withLock(lock, quiet, async () => {
    leaveDead(3);
    second = withLock(
      lock,
      (text) => said.push(text),
      () => {
        assert.ok(waited);
      },
    );
    await new Promise((resolve) => setTimeout(resolve, 700));
    assert.deepEqual(
      readdirSync(lock).filter((name) => name.startsWith(`${NO_PROCESS}.`)),
      [],
    );
    waited = true;
  });
  await second;
  assert.deepEqual(said, [`waiting for another build (process ${process.pid})`]);
});

test("a build that fails gives the lock back", async () => {
  await assert.rejects(
    withLock(lock, quiet, () => Promise.reject(new Error("no"))),
    /no/,
  );
  assert.equal(await withLock(lock, quiet, () => 1), 1);
});

test("processes that find the lock of a dead one at the same moment take it one after the other", async () => {
  const [PROCESSES, ROUNDS] = [4, 5];
  const log = join(folder, "log");
  const busy = join(folder, "busy");
  const program = `
    import { appendFileSync, closeSync, openSync, rmSync, writeFileSync } from "node:fs";
    import { withLock } from ${JSON.stringify(new URL("./lock.mjs", import.meta.url).href)};
    for (let round = 0; round < ${ROUNDS}; round += 1) {
      writeFileSync(${JSON.stringify(lock)} + "/${NO_PROCESS}." + process.pid + "-" + round, "");
      await withLock(${JSON.stringify(lock)}, () => {}, async () => {
        closeSync(openSync(${JSON.stringify(busy)}, "wx"));
        await new Promise((resolve) => setTimeout(resolve, 5));
        rmSync(${JSON.stringify(busy)});
        appendFileSync(${JSON.stringify(log)}, ".");
      });
    }`;
  leaveDead();
  const ended = Array.from({ length: PROCESSES }, async () => {
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["ignore", "inherit", "inherit"],
    });
    const [code] = await once(child, "exit");
    return code;
  });
  assert.deepEqual(await Promise.all(ended), Array(PROCESSES).fill(0));
  assert.equal(readFileSync(log, "utf8").length, PROCESSES * ROUNDS);
  assert.ok(!existsSync(busy));
});
