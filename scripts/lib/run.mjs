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
 * Runs with its output on this terminal.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<boolean>}
 */
export function runShown(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { ...options, stdio: ["ignore", "inherit", "inherit"] });
    child.on("error", (error) => {
      console.error(error.message);
      resolve(false);
    });
    child.on("close", (code) => resolve(code === 0));
  });
}
