/** Finds the file that a path of an address names, and never one outside its folder. */
import { realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";

/**
 * A path with its percent-encoding undone once. A backslash separates folders on some systems, and never stands in
 * the name of a page.
 * @param {string} pathname
 * @returns {string | undefined} `undefined` where it names no file
 */
export function decodePath(pathname) {
  try {
    const path = decodeURIComponent(pathname);
    // eslint-disable-next-line no-control-regex -- control characters are what is refused here
    return /[\u0000-\u001f\\]/.test(path) ? undefined : path;
  } catch {
    return undefined;
  }
}

/**
 * The file of a path, when it lies within the folder with every symbolic link followed.
 * @param {string} folder
 * @param {string} path decoded
 * @returns {Promise<{ path: string, size: number } | undefined>}
 */
export async function fileWithin(folder, path) {
  try {
    const root = await realpath(folder);
    const file = await realpath(join(root, path));
    if (!file.startsWith(root + sep)) return undefined;
    const found = await stat(file);
    return found.isFile() ? { path: file, size: found.size } : undefined;
  } catch {
    // It does not exist, cannot be read, or has a name that is too long.
    return undefined;
  }
}
