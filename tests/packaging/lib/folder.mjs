/** A temporary folder that is gone when this process is, however that ends short of a kill. */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export function temporaryFolder() {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "jobwire-packaging-"));
  process.on("exit", () => remove(folder));
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) {
    process.once(signal, () => process.exit(130));
  }
  return folder;
}

/** @param {string} folder */
export function remove(folder) {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
