/** Programs of the throwaway apps: quiet, with a time limit, and gone when this process is. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { stripVTControlCharacters } from "node:util";

const LIMIT_MS = 5 * 60_000;

/** What npm tells the scripts it runs about this project, and what would make an app an unusual one. */
const NOT_FOR_APPS =
  /^(npm_package_|npm_lifecycle_|npm_config_local_prefix$|npm_command$|INIT_CWD$|NODE_ENV$|FORCE_COLOR$)/;

/** @type {Set<import("node:child_process").ChildProcess>} */
const running = new Set();
process.on("exit", () => running.forEach(end));

/**
 * With everything it started: each program leads a process group.
 * @param {import("node:child_process").ChildProcess} child
 */
function end(child) {
  try {
    if (child.pid) process.kill(-child.pid, "SIGKILL");
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "ESRCH") throw error;
  }
}

/** @returns {Record<string, string>} */
export function environment() {
  const kept = Object.entries(process.env).filter(([name]) => !NOT_FOR_APPS.test(name));
  return { ...Object.fromEntries(kept), NO_COLOR: "1", NEXT_TELEMETRY_DISABLED: "1" };
}

/**
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd: string, onLine?: (line: string) => void }} options
 * @returns {Promise<string>} what it printed; when it fails, that is the error's message
 */
export async function run(program, args, { cwd, onLine }) {
  const child = spawn(program, args, {
    cwd,
    env: environment(),
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  running.add(child);
  /** @type {string[]} */
  const lines = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      const plain = stripVTControlCharacters(line);
      lines.push(plain);
      onLine?.(plain);
    });
  }
  const limit = setTimeout(() => {
    lines.push(`ended because it took longer than ${LIMIT_MS / 1000} s`);
    end(child);
  }, LIMIT_MS);
  try {
    const [code] = await once(child, "close");
    const output = lines.join("\n");
    if (code === 0) return output;
    throw new Error(`${program} ${args.join(" ")} failed:\n${output}`);
  } finally {
    clearTimeout(limit);
    running.delete(child);
  }
}
