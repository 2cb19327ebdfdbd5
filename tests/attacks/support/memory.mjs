/** Measures the resident memory of a process and of the processes that it started. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * @param {number} pid
 * @returns {Promise<number>} bytes resident in `pid` and in all its descendants; 0 when none of them is alive
 */
export async function residentBytes(pid) {
  const { stdout } = await run("ps", ["-A", "-o", "pid=,ppid=,rss="]);
  const table = stdout
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number));
  /** @type {Set<number>} */
  const family = new Set([pid]);
  for (let before = 0; before !== family.size;) {
    before = family.size;
    for (const [child = 0, parent = 0] of table) if (family.has(parent)) family.add(child);
  }
  const kibibytes = table.reduce((sum, [one = 0, , rss = 0]) => sum + (family.has(one) ? rss : 0), 0);
  return kibibytes * 1024;
}
