/** Says whether outputs still belong to their inputs, by content, so that nothing is made twice. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const IGNORED = new Set(["node_modules", "dist", "target", ".git", "__pycache__"]);

/**
 * Every file under the given files and folders, sorted. What does not exist is left out.
 * @param {readonly string[]} paths
 * @returns {string[]}
 */
export function filesUnder(paths) {
  /** @type {string[]} */
  const found = [];
  /** @param {string} path */
  const visit = (path) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat?.isFile()) found.push(path);
    if (stat?.isDirectory()) {
      for (const name of readdirSync(path)) if (!IGNORED.has(name)) visit(join(path, name));
    }
  };
  paths.forEach(visit);
  return found.sort();
}

/**
 * A hash of names and contents.
 * @param {string} base names are taken relative to it
 * @param {readonly string[]} paths files and folders
 * @param {readonly string[]} [facts] anything else the outputs depend on, such as versions
 */
export function hashOf(base, paths, facts = []) {
  const hash = createHash("sha256");
  for (const fact of facts) hash.update(`fact ${fact}\0`);
  for (const file of filesUnder(paths)) {
    hash.update(`file ${relative(base, file)}\0`);
    hash.update(createHash("sha256").update(readFileSync(file)).digest());
  }
  return hash.digest("hex");
}

/**
 * @param {string} stampFile
 * @param {string} inputs hash of the inputs
 * @param {readonly string[]} outputs files or folders made from them
 */
export function isFresh(stampFile, inputs, outputs) {
  if (!existsSync(stampFile)) return false;
  return readFileSync(stampFile, "utf8") === stampText(stampFile, inputs, outputs);
}

/**
 * @param {string} stampFile
 * @param {string} inputs
 * @param {readonly string[]} outputs
 */
export function markFresh(stampFile, inputs, outputs) {
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, stampText(stampFile, inputs, outputs));
}

/**
 * @param {string} stampFile
 * @param {string} inputs
 * @param {readonly string[]} outputs
 */
function stampText(stampFile, inputs, outputs) {
  return `${inputs} ${hashOf(dirname(stampFile), outputs)}\n`;
}
