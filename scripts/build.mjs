/** npm run build: the npm package in pkg/, from the crate and the facade. Does nothing when nothing changed. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { buildCore } from "./lib/build-core.mjs";
import { buildPackage } from "./lib/build-package.mjs";
import { withLock } from "./lib/lock.mjs";
import { targetDir } from "./lib/paths.mjs";

/** @param {(text: string) => void} say */
export async function build(say) {
  return withLock(join(targetDir, "build-lock"), say, async () => {
    const core = await buildCore(say);
    const packaged = await buildPackage(core.inputs, say);
    return core.built || packaged;
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const started = performance.now();
  try {
    const made = await build((text) => console.log(`  ${text}`));
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(made ? `pkg/ built in ${seconds} s` : `pkg/ is up to date (${seconds} s)`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
