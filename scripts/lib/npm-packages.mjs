/** Whether node_modules is what package-lock.json says, without asking npm (which takes seconds). */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * @typedef {{ version?: string, optional?: boolean, link?: boolean }} LockedPackage
 * @typedef {{ packages: Record<string, LockedPackage> }} Lock
 */

/**
 * The first package that is not installed as locked. Optional ones may be for another platform.
 * @param {Lock} lock package-lock.json
 * @param {Lock} installed node_modules/.package-lock.json, which npm writes last
 * @param {(path: string) => boolean} exists
 */
export function firstDifference(lock, installed, exists) {
  for (const [path, wanted] of Object.entries(lock.packages)) {
    if (path === "") continue;
    const have = installed.packages[path];
    if (!have && wanted.optional) continue;
    if (!have || have.version !== wanted.version || !exists(path)) return path;
  }
  return undefined;
}

/** @param {string} folder the folder of package-lock.json */
export function npmPackagesInstalled(folder) {
  const hidden = join(folder, "node_modules", ".package-lock.json");
  if (!existsSync(hidden)) return false;
  const lock = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8"));
  const installed = JSON.parse(readFileSync(hidden, "utf8"));
  return firstDifference(lock, installed, (path) => existsSync(join(folder, path))) === undefined;
}
