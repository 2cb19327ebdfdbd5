/** Starts the conformance servers and asks them. */
import { fileURLToPath } from "node:url";
import { findVenvPython } from "../../../scripts/lib/python.mjs";
import { Backend } from "../../e2e/support/backend.mjs";
import { WAIT_MS } from "../../e2e/support/patience.mjs";

/** @typedef {"node" | "python"} Kind */
/**
 * @typedef {object} State what the server saw since it was last told to forget
 * @property {any[][]} arrived namespace, event and arguments, in order
 * @property {{ namespace: string, auth: any, recovered: boolean }[]} connects
 * @property {{ namespace: string, reason: string }[]} disconnects
 * @property {string[]} connections the transport of each physical connection there is
 */

export const KINDS = /** @type {const} */ (["node", "python"]);

const ASK_EVERY_MS = 25;

/** @param {string} file */
const inServers = (file) => fileURLToPath(new URL(`../servers/${file}`, import.meta.url));

/** @param {Kind} kind */
function command(kind) {
  if (kind === "node") return { program: process.execPath, file: inServers("node.mjs") };
  const program = process.env["JOBWIRE_PYTHON"] ?? findVenvPython();
  if (program) return { program, file: inServers("server.py") };
  throw new Error("There is no Python with python-socketio: run `npm run setup`, or set JOBWIRE_PYTHON.");
}

export class ConformanceServer {
  /** @param {Backend} backend */
  constructor(backend) {
    this.backend = backend;
  }

  get url() {
    return this.backend.url;
  }

  /**
   * @param {string} action
   * @param {object} [body]
   */
  async #control(action, body) {
    const response = await fetch(`${this.url}/_control/${action}`, {
      method: "POST",
      body: JSON.stringify(body ?? {}),
    });
    if (!response.ok) throw new Error(`The server answered ${response.status}: ${await response.text()}`);
    return response.json();
  }

  /** @returns {Promise<State>} */
  state() {
    return this.#control("state");
  }

  /**
   * Emits to everybody on a namespace; with `count` as often, each with its number from 0 as the last argument.
   * @param {{ namespace?: string, event: string, args?: unknown[], count?: number, volatile?: boolean }} what
   */
  emit(what) {
    return this.#control("emit", what);
  }

  /** Disconnects everybody from a namespace. @param {string} [namespace] */
  kick(namespace) {
    return this.#control("kick", { ...(namespace && { namespace }) });
  }

  /** Closes every physical connection, in good order. */
  drop() {
    return this.#control("drop");
  }

  /** @param {{ tokens?: string[], handshakeDelay?: number, pollDelay?: number }} settings */
  settings(settings) {
    return this.#control("settings", settings);
  }

  /** Forgets what it saw and was set to. */
  forget() {
    return this.#control("forget");
  }

  /**
   * Asks until a condition holds.
   * @param {(state: State) => boolean} condition
   * @returns {Promise<State>}
   */
  async until(condition) {
    const deadline = performance.now() + WAIT_MS;
    for (;;) {
      const state = await this.state();
      if (condition(state)) return state;
      if (performance.now() > deadline) {
        const shown = JSON.stringify(state).slice(0, 2000);
        throw new Error(`At the server it never held: ${condition}\nIts state: ${shown}`);
      }
      await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    }
  }

  /** The first argument of each event of a name that came, in order. @param {string} event */
  async firstArguments(event) {
    const { arrived } = await this.state();
    return arrived.filter((one) => one[1] === event).map((one) => one[2]);
  }
}

/**
 * @param {Kind} kind
 * @param {Record<string, string>} [env] settings: README.md
 */
export async function startServer(kind, env = {}) {
  const { program, file } = command(kind);
  const args = (/** @type {number} */ port) => [file, String(port)];
  const backend = new Backend({ program, args, env: { PYTHONDONTWRITEBYTECODE: "1", ...env } });
  return new ConformanceServer(await backend.start());
}
