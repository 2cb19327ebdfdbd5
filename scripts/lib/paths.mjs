/** Where things are: the repository, and the cache that outlives it. */
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const targetDir = join(root, "target");
/** What wasm-bindgen and wasm-opt made of the crate. */
export const coreDir = join(targetDir, "core");
/** The npm package, ready to pack. */
export const pkgDir = join(root, "pkg");

/**
 * The XDG specification says a relative XDG_CACHE_HOME is to be ignored.
 * @param {NodeJS.ProcessEnv} env
 */
export function cacheHome(env) {
  const xdg = env.XDG_CACHE_HOME;
  return join(xdg && isAbsolute(xdg) ? xdg : join(env.HOME || homedir(), ".cache"), "jobwire");
}

export const cacheDir = cacheHome(process.env);
