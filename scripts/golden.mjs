/**
 * `tests/golden` freezes what the simulators' first seeds do. A change of structure must leave it as it is:
 *
 * `node scripts/golden.mjs record`: writes the golden files, after a change on purpose. Keeps the simulators that did so in
 * `target/golden`.
 * `node scripts/golden.mjs diff [CHECKOUT]`: the first input or output of the first seed that differs from what another
 * checkout of the project does, or from what the kept simulators do.
 * `node scripts/golden.mjs more N [CHECKOUT]`: the same with so many seeds behind those of the golden files.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import {
  ask,
  buildSimulators,
  describeDifference,
  firstDifference,
  seedsOf,
  SIMULATORS,
} from "./lib/golden.mjs";
import { root } from "./lib/paths.mjs";

const KEPT = join(root, "target", "golden");

/** @param {string} name */
const goldenFile = (name) => join(root, "tests", "golden", `${name}.txt`);

/** @param {string} name */
const keptSimulator = (name) => join(KEPT, name);

const output = join(KEPT, "output.txt");

function record() {
  for (const [name, executable] of buildSimulators(root)) {
    writeFileSync(goldenFile(name), ask(executable, "file", { to: output }));
    copyFileSync(executable, keptSimulator(name));
  }
}

/** @param {string | undefined} checkout @returns {Map<string, string>} */
function simulatorsToCompareWith(checkout) {
  if (checkout) return buildSimulators(resolve(checkout));
  if (!SIMULATORS.every((name) => existsSync(keptSimulator(name)))) {
    throw new Error("Nothing was recorded here: give the path of another checkout of the project.");
  }
  return new Map(SIMULATORS.map((name) => [name, keptSimulator(name)]));
}

/**
 * Whether all seeds do what they did; says where the first one does not.
 * @param {string | undefined} checkout
 * @param {number} [further] so many seeds behind those of the golden files, instead of those
 */
function compare(checkout, further) {
  const before = simulatorsToCompareWith(checkout);
  const now = buildSimulators(root);
  const same = SIMULATORS.map((name) => {
    const frozen = seedsOf(readFileSync(goldenFile(name), "utf8"));
    const first = further === undefined ? 0 : frozen;
    const count = further ?? frozen;
    const both = [before.get(name), now.get(name)];
    /** @param {"hashes" | "text"} what @param {number} from */
    const said = (what, from) =>
      both.map((simulator) => ask(simulator, what, { to: output, first: from, count }));
    const [oldHashes = [], hashes = []] = said("hashes", first).map((text) => text.split("\n"));
    const place = firstDifference(oldHashes, hashes);
    if (place === undefined) {
      console.log(`${name}: ${count} seeds from ${first} do the same.`);
      return true;
    }
    const seed = first + place;
    const [oldText = "", text = ""] = said("text", seed);
    console.log(`${name}: seed ${seed} differs.\n${describeDifference(oldText, text)}`);
    return false;
  });
  return same.every(Boolean);
}

const [command, ...rest] = process.argv.slice(2);
const isNumber = /^\d+$/.test(rest[0] ?? "");
try {
  mkdirSync(KEPT, { recursive: true });
  if (command === "record" && rest.length === 0) record();
  else if (command === "diff" && rest.length <= 1) process.exitCode = compare(rest[0]) ? 0 : 1;
  else if (command === "more" && isNumber && rest.length <= 2)
    process.exitCode = compare(rest[1], Number(rest[0])) ? 0 : 1;
  else throw new Error("node scripts/golden.mjs record | diff [CHECKOUT] | more N [CHECKOUT]");
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
