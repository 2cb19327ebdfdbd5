/** Starts, kills and restarts real back-ends as child processes; a restart comes up at the same address. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { BUN_BACKEND, findBun } from "../../../scripts/lib/bun.mjs";
import { findVenvPython } from "../../../scripts/lib/python.mjs";

const GUARDIAN = fileURLToPath(new URL("./guardian.mjs", import.meta.url));
const BACKENDS = fileURLToPath(new URL("../../../examples/backends/", import.meta.url));
const EMBEDDED = fileURLToPath(new URL("../../../examples/server/main.mjs", import.meta.url));
const FASTAPI = fileURLToPath(new URL("../../../examples/backends/fastapi/run.py", import.meta.url));

const FLASK = fileURLToPath(new URL("../../../examples/backends/flask-socketio/run.py", import.meta.url));

/** Asks for the endpoints that cause faults on purpose, which are off otherwise. */
const FAULTS = { JOBWIRE_CONTROL: "1" };
/** Of the worker of the track analysis back-end, so that tests can post notices, too. */
export const NOTIFY_TOKEN = "the-workers-own";
const READY_WITHIN_MS = 30_000;
const STOP_WITHIN_MS = 5_000;
const KEPT_LINES = 100;

/**
 * @typedef {object} Command
 * @property {string} program
 * @property {(port: number) => string[]} args port 0 lets the operating system choose
 * @property {Record<string, string>} [env]
 */

/** @param {number} port */
async function isTaken(port) {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

export class Backend {
  /** What the back-end said where it is, the same after every restart: `http://…`, or `redis://…`. */
  url = "";
  /** Of all its web processes, where it has several. @type {string[]} */
  urls = [];
  port = 0;
  #command;
  /** @type {import("node:child_process").ChildProcess | undefined} */
  #guardian;
  /** @type {string[]} */
  #lines = [];

  /** @param {Command} command */
  constructor(command) {
    this.#command = command;
  }

  /** The last lines it printed. */
  get output() {
    return this.#lines.join("\n");
  }

  /** Of the process that its processes descend from, while it runs. */
  get pid() {
    return this.#guardian?.pid;
  }

  get running() {
    return this.#guardian !== undefined;
  }

  /** Resolves when the back-end says that it is ready. */
  async start() {
    if (this.#guardian) throw new Error("The back-end runs already; stop or kill it first.");
    const { program, args, env } = this.#command;
    const guardian = spawn(process.execPath, [GUARDIAN, program, ...args(this.port)], {
      env: { ...process.env, ...env },
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
    });
    this.#guardian = guardian;
    guardian.on("exit", () => {
      if (this.#guardian === guardian) this.#guardian = undefined;
    });
    const [where = "", ...others] = (await this.#ready(guardian)).split(" ");
    if (where.includes("://")) {
      this.url = where;
      this.urls = [where, ...others];
      this.port = Number(new URL(where).port);
    }
    // From here on a test that forgets to stop it can end; the guardian then ends the back-end.
    for (const handle of [guardian, guardian.stdin, guardian.stdout, guardian.stderr]) {
      /** @type {{ unref: () => void }} */ (/** @type {unknown} */ (handle)).unref();
    }
    return this;
  }

  /** Ends it as a power cut would: at once, without a word to its clients. */
  async kill() {
    await this.#end("SIGKILL");
  }

  /** Asks it to end, and insists after five seconds. */
  async stop() {
    await this.#end("SIGTERM");
  }

  /** Kills it if it runs, and starts it at the same address. */
  async restart() {
    await this.kill();
    await this.start();
  }

  /** @param {import("node:child_process").ChildProcess} guardian */
  async #ready(guardian) {
    const signal = AbortSignal.timeout(READY_WITHIN_MS);
    /** @type {Promise<string>} */
    const ready = new Promise((resolve, reject) => {
      for (const stream of [guardian.stdout, guardian.stderr]) {
        if (!stream) continue;
        createInterface({ input: stream }).on("line", (line) => {
          this.#lines = [...this.#lines, line].slice(-KEPT_LINES);
          const [, where] = /^ready (\S+(?: \S+)*)$/.exec(line) ?? [];
          if (where !== undefined) resolve(where);
        });
      }
      // "close" comes after the last line of output, unlike "exit".
      guardian.once("close", () =>
        reject(new Error(`The back-end ended before it was ready:\n${this.output}`)),
      );
      signal.addEventListener("abort", () =>
        reject(new Error(`The back-end was not ready within ${READY_WITHIN_MS / 1000} s:\n${this.output}`)),
      );
    });
    try {
      return await ready;
    } catch (error) {
      await this.kill();
      throw error;
    }
  }

  /** @param {NodeJS.Signals} signal */
  async #end(signal) {
    const guardian = this.#guardian;
    if (!guardian?.pid) return;
    const group = -guardian.pid;
    guardian.ref();
    const exited = once(guardian, "exit");
    process.kill(group, signal);
    const insist = setTimeout(() => process.kill(group, "SIGKILL"), STOP_WITHIN_MS);
    await exited;
    clearTimeout(insist);
    // Processes of other sessions end a moment later; a restart needs their port.
    while (this.port !== 0 && (await isTaken(this.port))) await delay(20);
  }
}

/**
 * The embedded server of examples/server.
 * @param {{ env?: Record<string, string> }} [options] its settings, such as HEARTBEAT_MS or JOBWIRE_TOKENS
 */
export function startEmbeddedServer({ env = {} } = {}) {
  const args = (/** @type {number} */ port) => [EMBEDDED, "--port", String(port)];
  return new Backend({ program: process.execPath, args, env: { ...FAULTS, ...env } }).start();
}

/** The Python that has what the back-ends need. */
function python() {
  const program = process.env["JOBWIRE_PYTHON"] ?? findVenvPython();
  if (program) return program;
  throw new Error(
    "There is no Python with the back-ends' requirements: run `npm run setup`, or set JOBWIRE_PYTHON.",
  );
}

/**
 * The Flask-SocketIO back-end with its Redis and its worker, or one part of it that uses a Redis which runs already;
 * each web process has an address of its own.
 * @param {{ web?: number, only?: "web" | "worker", redisUrl?: string, env?: Record<string, string> }} [options]
 */
export function startFlask({ web = 2, only, redisUrl, env = {} } = {}) {
  const args = (/** @type {number} */ port) => [
    FLASK,
    ...["--port", String(port), "--web", String(web)],
    ...(only ? ["--only", only] : []),
    ...(redisUrl ? ["--redis-url", redisUrl] : []),
  ];
  const all = { PYTHONDONTWRITEBYTECODE: "1", ...FAULTS, ...env };
  return new Backend({ program: python(), args, env: all }).start();
}

/**
 * The FastAPI back-end, whole or one of its parts. Parts share a Redis: start "redis" first and hand its `url` to
 * the others.
 * @param {{ only?: "web" | "worker" | "redis", redisUrl?: string, workers?: number,
 *   env?: Record<string, string> }} [options]
 */
export function startFastapi({ only, redisUrl, workers = 2, env = {} } = {}) {
  const args = (/** @type {number} */ port) => [
    FASTAPI,
    ...(only === "redis"
      ? ["--redis-port", String(port)]
      : ["--port", String(port), "--workers", String(workers)]),
    ...(only ? ["--only", only] : []),
    ...(redisUrl ? ["--redis-url", redisUrl] : []),
  ];
  return new Backend({ program: python(), args, env: { PYTHONDONTWRITEBYTECODE: "1", ...env } }).start();
}

/**
 * The track analysis back-end on Bun.
 * @param {{ env?: Record<string, string> }} [options] DATA_FOLDER is where jobs outlive it
 */
export function startBun({ env = {} } = {}) {
  const bun = findBun();
  if (!bun)
    throw new Error("There is no Bun: run `npm run setup -- test`, or `npm ci` in examples/backends/bun.");
  const args = (/** @type {number} */ port) => [join(BUN_BACKEND, "run.ts"), "--port", String(port)];
  return new Backend({ program: bun.program, args, env: { ...FAULTS, NOTIFY_TOKEN, ...env } }).start();
}

/** @param {string} name @param {Record<string, string>} env */
function startNode(name, env) {
  const main = join(BACKENDS, name, "main.mjs");
  const args = (/** @type {number} */ port) => [main, "--port", String(port)];
  return new Backend({ program: process.execPath, args, env: { ...FAULTS, ...env } }).start();
}

/**
 * The playlist back-end on Node's ws.
 * @param {{ env?: Record<string, string> }} [options] such as ENVELOPE
 */
export function startWs({ env = {} } = {}) {
  return startNode("ws", env);
}

/**
 * The image back-end on Express.
 * @param {{ env?: Record<string, string> }} [options] such as PING_INTERVAL_MS, MAX_SOCKETS or REPLAY
 */
export function startExpress({ env = {} } = {}) {
  return startNode("express", env);
}
