/** Runs other programs: quietly to look something up, logged for what takes long. */
import { spawn, spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Runs to the end and gives back what was printed; never throws.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 */
export function capture(command, args, options = {}) {
  const result = spawnSync(command, args, { ...options, encoding: "utf8", maxBuffer: 256 * 1024 * 1024 });
  return {
    ok: result.status === 0,
    out: result.stdout ?? "",
    err: result.error ? result.error.message : (result.stderr ?? ""),
  };
}

/**
 * The last thing a person would read in a piece of output, without colours.
 * @param {string} text
 */
export function lastLine(text) {
  const lines = text
    // eslint-disable-next-line no-control-regex -- terminal colours begin with ESC
    .replace(/\u001b\[[0-9;]*[A-Za-z]/g, "")
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter(Boolean);
  return lines.at(-1);
}

/**
 * Runs with its output in a log file (appended).
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ log: string, cwd?: string, env?: NodeJS.ProcessEnv, onLine?: (line: string) => void }} options
 * @returns {Promise<{ ok: boolean, last: string }>}
 */
export function runLogged(command, args, { log, cwd, env, onLine }) {
  mkdirSync(dirname(log), { recursive: true });
  const file = openSync(log, "a");
  writeSync(file, `$ ${command} ${args.join(" ")}\n`);
  return new Promise((resolve) => {
    let last = "";
    const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    /** @param {Buffer} chunk */
    const take = (chunk) => {
      writeSync(file, chunk);
      const line = lastLine(chunk.toString("utf8"));
      if (line) {
        last = line;
        onLine?.(line);
      }
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("error", (error) => {
      last = error.message;
    });
    child.on("close", (code) => {
      closeSync(file);
      resolve({ ok: code === 0, last });
    });
  });
}

/**
 * Runs with its output on this terminal, in a process group of its own, so that nothing it started
 * survives it when it takes too long or is interrupted.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, limitMs?: number }} [options]
 * @returns {Promise<boolean>}
 */
export function runShown(command, args, { cwd, env, limitMs = 15 * 60_000 } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, stdio: ["ignore", "inherit", "inherit"], detached: true });
    /** @param {NodeJS.Signals} signal */
    const end = (signal) => {
      try {
        if (child.pid) process.kill(-child.pid, signal);
      } catch (error) {
        if (/** @type {NodeJS.ErrnoException} */ (error).code !== "ESRCH") throw error;
      }
    };
    const limit = setTimeout(() => {
      console.error(`${command} took longer than ${Math.round(limitMs / 1000)} s and was ended.`);
      end("SIGKILL");
    }, limitMs);
    const interrupted = () => {
      end("SIGTERM");
      process.exit(130);
    };
    process.once("SIGINT", interrupted);
    process.once("SIGTERM", interrupted);
    /** @param {boolean} passed */
    const settle = (passed) => {
      clearTimeout(limit);
      process.off("SIGINT", interrupted);
      process.off("SIGTERM", interrupted);
      resolve(passed);
    };
    child.on("error", (error) => {
      console.error(`${command} could not be started: ${error.message}`);
      settle(false);
    });
    child.on("close", (code) => settle(code === 0));
  });
}
