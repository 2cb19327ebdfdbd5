/**
 * npm run test:sim:long: many more seeds of the simulators (`sim`: the protocol `stream`, `sio`: Socket.IO, `cast`:
 * `broadcast`) than `npm test` runs; `-- 1000000` says how many of each, `-- 1000000 5000` from which.
 */
import { spawnSync } from "node:child_process";
import { root } from "./lib/paths.mjs";
import { wasmRust } from "./lib/wasm-target.mjs";

/** As many of each as two idle cores run in about two minutes. */
const SEEDS = { sim: "600000", sio: "200000", cast: "10000" };

const [seeds, first = "10000"] = process.argv.slice(2);
if (![seeds ?? "0", first].every((text) => /^\d+$/.test(text))) {
  console.error("Give the number of seeds, and the first one: npm run test:sim:long -- 1000000 0");
  process.exit(2);
}
const rust = wasmRust();
/** @param {string} test @param {string} count */
function passes(test, count) {
  const run = spawnSync(
    rust.cargo,
    ["test", "--profile", "sim", "--test", test, "what_must_always_hold", "--", "--nocapture"],
    {
      cwd: root,
      stdio: "inherit",
      env: { ...process.env, ...rust.env, JOBWIRE_SIM_SEEDS: count, JOBWIRE_SIM_FIRST: first },
    },
  );
  return run.status === 0;
}
const passed = Object.entries(SEEDS).map(([test, count]) => passes(test, seeds ?? count));
process.exit(passed.every(Boolean) ? 0 : 1);
