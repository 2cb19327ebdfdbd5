/** A temporary folder that goes with its process; what a killed one left behind is removed by the next. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PREFIX = "jobwire-server-";

/** @param {number} pid */
function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM";
  }
}

function removeAbandoned() {
  for (const name of readdirSync(tmpdir())) {
    const [, pid] = new RegExp(`^${PREFIX}(\\d+)-`).exec(name) ?? [];
    if (pid !== undefined && !alive(Number(pid)))
      rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

export class TemporaryFolder {
  path;
  #removeAtExit = () => rmSync(this.path, { recursive: true, force: true });

  constructor() {
    removeAbandoned();
    this.path = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
    process.once("exit", this.#removeAtExit);
  }

  close() {
    process.off("exit", this.#removeAtExit);
    this.#removeAtExit();
  }
}
