/** Compares what two builds of the simulators do: which seed differs first, and where. */
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { wasmRust } from "./wasm-target.mjs";

export const SIMULATORS = /** @type {const} */ (["sim", "sio", "cast"]);

const TEST = "inputs_and_outputs_are_those_of_the_golden_file";

/** Lines that are shown before the first difference. */
const CONTEXT = 12;

/** Characters of a line that are shown. */
const WIDTH = 1000;

const CARGO_OUTPUT_BYTES = 64 * 1024 * 1024;

/** @param {string} why @returns {never} */
function fail(why) {
  throw new Error(why);
}

/**
 * Builds the simulators of a checkout in its own target folder; gives the path of each executable.
 * @param {string} checkout
 */
export function buildSimulators(checkout) {
  const rust = wasmRust();
  const tests = SIMULATORS.flatMap((name) => ["--test", name]);
  const args = ["test", "--quiet", "--profile", "sim", "--no-run", "--message-format=json", ...tests];
  const { status, stdout } = spawnSync(rust.cargo, args, {
    cwd: checkout,
    encoding: "utf8",
    maxBuffer: CARGO_OUTPUT_BYTES,
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...rust.env, CARGO_TARGET_DIR: "target" },
  });
  return status === 0 ? executablesIn(stdout) : fail(`The simulators of ${checkout} do not build.`);
}

/**
 * The executable of each test, by what `cargo test --message-format=json` printed.
 * @param {string} output
 * @returns {Map<string, string>}
 */
export function executablesIn(output) {
  const messages = output
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line));
  return new Map(
    messages
      .filter(({ executable }) => executable)
      .map(({ target, executable }) => [target.name, executable]),
  );
}

/**
 * What the golden test of a simulator writes.
 * @param {string | undefined} executable
 * @param {"file" | "hashes" | "text"} what
 * @param {{ to: string, first?: number, count?: number }} options `to`: a file for it
 */
export function ask(executable, what, { to, first = 0, count = 0 }) {
  if (!executable) return fail("There is no such simulator.");
  rmSync(to, { force: true });
  const { status, stdout } = spawnSync(executable, ["--exact", TEST], {
    encoding: "utf8",
    env: {
      ...process.env,
      JOBWIRE_GOLDEN: what,
      JOBWIRE_GOLDEN_TO: to,
      JOBWIRE_SIM_FIRST: String(first),
      JOBWIRE_SIM_SEEDS: String(count),
    },
  });
  if (status !== 0) fail(`${executable} failed.\n${stdout}`);
  try {
    return readFileSync(to, "utf8");
  } catch {
    return fail(`${executable} has no golden test.`);
  }
}

/**
 * How many seeds a golden file has: its last line begins with its last seeds.
 * @param {string} file its text
 */
export const seedsOf = (file) => Number(/-(\d+) \S+\s*$/.exec(file)?.[1] ?? -1) + 1;

/**
 * The place of the first element that is not the same; none when all are.
 * @template T
 * @param {ArrayLike<T>} before
 * @param {ArrayLike<T>} now
 */
export function firstDifference(before, now) {
  const most = Math.max(before.length, now.length);
  for (let place = 0; place < most; place++) if (before[place] !== now[place]) return place;
  return undefined;
}

/**
 * The first line that differs, with those before it.
 * @param {string} before
 * @param {string} now
 */
export function describeDifference(before, now) {
  const [old, own] = [before.split("\n"), now.split("\n")];
  const place = firstDifference(old, own);
  if (place === undefined) return "The texts are the same.";
  const [was, is] = [old[place] ?? "(nothing more)", own[place] ?? "(nothing more)"];
  // Of a long line the part that differs is shown.
  const from = Math.max(0, (firstDifference(was, is) ?? 0) - WIDTH / 2);
  /** @param {string} line */
  const cut = (line, start = 0) => (start > 0 ? "…" : "") + line.slice(start, start + WIDTH);
  const context = old.slice(Math.max(0, place - CONTEXT), place).map((line) => `  ${cut(line)}`);
  return [...context, `- ${cut(was, from)}`, `+ ${cut(is, from)}`, `(line ${place + 1})`].join("\n");
}
