/**
 * One build at a time: two at once would take each other's half-written files.
 *
 * The lock is a folder with a file for each process that has the lock or tries to get it. A process creates its own
 * file, and has the lock when no other living process has one. A name is never used twice, so that the file of a
 * process that died can be removed by anybody without touching the file of a living one.
 */
import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

const RETRY_MS = 200;

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM";
  }
}

/**
 * The living processes with a file of their own in the folder. Files of processes that died are removed.
 * @param {string} folder
 * @param {string} own name of a file that is left out
 */
function contenders(folder, own) {
  return readdirSync(folder)
    .filter((name) => name !== own)
    .map((name) => ({ name, pid: Number(name.split(".")[0]) }))
    .filter(({ name, pid }) => {
      if (Number.isInteger(pid) && pid > 0 && isAlive(pid)) return true;
      rmSync(join(folder, name), { force: true, recursive: true });
      return false;
    });
}

/**
 * @template T
 * @param {string} folder of the lock; it stays
 * @param {(text: string) => void} say
 * @param {() => T | Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(folder, say, work) {
  mkdirSync(folder, { recursive: true });
  const name = `${process.pid}.${randomUUID()}`;
  const file = join(folder, name);
  for (let said = false; ; said = true) {
    writeFileSync(file, "");
    const [other] = contenders(folder, name);
    if (!other) break;
    // Both may have seen each other: each withdraws, and tries again after a time of its own.
    rmSync(file, { force: true });
    if (!said) say(`waiting for another build (process ${other.pid})`);
    await delay(RETRY_MS * (0.5 + Math.random()));
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}
