/**
 * npm run test:sim:long: many more seeds of both simulators (`sim`: the protocol `stream`, `sio`: Socket.IO) than
 * `npm test` runs; `-- 1000000` says how many of each, `-- 1000000 5000` from which.
 */
import { spawnSync } from "node:child_process";
import { root } from "./lib/paths.mjs";
import { wasmRust } from "./lib/wasm-target.mjs";

const [seeds = "300000", first = "10000"] = process.argv.slice(2);
if (![seeds, first].every((text) => /^\d+$/.test(text))) {
  console.error("Give the number of seeds, and the first one: npm run test:sim:long -- 1000000 0");
  process.exit(2);
}
const rust = wasmRust();
const { status } = spawnSync(
  rust.cargo,
  [
    "test",
    "--no-fail-fast",
    "--profile",
    "sim",
    "--test",
    "sim",
    "--test",
    "sio",
    "what_must_always_hold",
    "--",
    "--nocapture",
  ],
  {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, ...rust.env, JOBWIRE_SIM_SEEDS: seeds, JOBWIRE_SIM_FIRST: first },
  },
);
process.exit(status ?? 1);
