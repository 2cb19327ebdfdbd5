/** A server on Node as a process of its own, whose memory, output and temporary files can be looked at. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { residentBytes } from "./memory.mjs";

const EXAMPLES = fileURLToPath(new URL("../../../examples/", import.meta.url));

export class NodeServer {
  url = "";
  /** What it has written to standard error. */
  complaints = "";
  #temporary = mkdtempSync(join(tmpdir(), "jobwire-attack-"));
  #child;

  /**
   * @param {string} main its program, relative to `examples`
   * @param {Record<string, string>} [env]
   */
  constructor(main, env = {}) {
    this.#child = spawn(process.execPath, [join(EXAMPLES, main), "--port", "0"], {
      env: { ...process.env, TMPDIR: this.#temporary, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child.stderr.on("data", (text) => (this.complaints += text));
  }

  async start() {
    const [line] = await once(createInterface({ input: this.#child.stdout }), "line");
    this.url = line.replace(/^ready /, "");
    return this;
  }

  get alive() {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Bytes resident now. */
  memory() {
    return residentBytes(this.#child.pid ?? 0);
  }

  /** Bytes of the files that it keeps. */
  storedBytes() {
    return readdirSync(this.#temporary)
      .flatMap((name) =>
        readdirSync(join(this.#temporary, name)).map((file) => join(this.#temporary, name, file)),
      )
      .reduce((sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0);
  }

  async stop() {
    if (this.alive) {
      const ended = once(this.#child, "exit");
      this.#child.kill("SIGKILL");
      await ended;
    }
    rmSync(this.#temporary, { recursive: true, force: true });
  }
}
