/**
 * npm run test:fuzz [-- 600 engineio]: libFuzzer on the codecs, a minute each, or so many seconds. It takes any compiler
 * for which LLVM's coverage can be turned on by flags, and those do; the address sanitizer, which takes a nightly one,
 * would find nothing in a crate without `unsafe`.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./lib/paths.mjs";
import { capture, runLogged, runShown } from "./lib/run.mjs";

const TARGETS = ["engineio", "socketio", "stream", "broadcast"];
const COVERAGE = [
  "--cfg fuzzing",
  "-Cpasses=sancov-module",
  "-Cllvm-args=-sanitizer-coverage-level=4",
  "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
  "-Cllvm-args=-sanitizer-coverage-pc-table",
  "-Cllvm-args=-sanitizer-coverage-trace-compares",
  "-Ccodegen-units=1",
  "-Cdebug-assertions",
  "-Coverflow-checks",
].join(" ");
/** Longest input in bytes, and the longest time in seconds that one may take. */
const [MAX_LENGTH, MAX_SECONDS] = [4096, 10];
/** How long building may take, ms. */
const BUILD_LIMIT = 10 * 60_000;
const RECORDINGS = join(root, "tests", "corpus", "socketio");
const PROGRESS =
  '{"type":"progress","job_id":"j","progress":45,"stage":"separation","message":"…","attempt":1}';
const UPDATED = '{"event":"playlist_updated","data":{"playlistId":"p","id":1,"updates":{"name":"n"}}}';
const ENDED =
  '{"type":"job_status","jobId":1,"trackId":2,"status":"failed","error":"…","progress":{"processed":1,"total":2}}';

const [seconds = "60", ...named] = process.argv.slice(2);
const targets = named.length > 0 ? named : TARGETS;
if (!/^[1-9]\d*$/.test(seconds) || !targets.every((name) => TARGETS.includes(name))) {
  console.error(`Give the seconds, and which: npm run test:fuzz -- 600 ${TARGETS.join(" ")}`);
  process.exit(2);
}

/** What real servers said, to begin with: by target. */
function recorded() {
  const texts = readdirSync(RECORDINGS)
    .filter((name) => name.endsWith(".jsonl"))
    .flatMap((name) => readFileSync(join(RECORDINGS, name), "utf8").split("\n").filter(Boolean))
    .map((line) => /** @type {{ text?: string }} */ (JSON.parse(line)).text)
    .filter((text) => text !== undefined);
  // Packets of a polled body are parted by this character; a message begins with a 4.
  const packets = texts.flatMap((text) => text.split("\u001e"));
  const messages = packets.filter((packet) => packet.startsWith("4")).map((packet) => packet.slice(1));
  return new Map([
    ["engineio", texts],
    ["socketio", messages],
    ["broadcast", [UPDATED, `[${UPDATED}]`, ENDED, `${ENDED}\n${UPDATED}`]],
    ["stream", [PROGRESS, `[${PROGRESS}]`, `${PROGRESS}\n${PROGRESS}`]],
  ]);
}

/** The compiler's own platform: named, or the flags would reach build scripts as well. */
function host() {
  const { out } = capture("rustc", ["-vV"], { cwd: root });
  const found = /^host: (\S+)$/m.exec(out)?.[1];
  if (!found) throw new Error('"rustc -vV" does not name its platform: install Rust from https://rustup.rs.');
  return found;
}

const manifest = join(root, "fuzz", "Cargo.toml");
const platform = host();
console.log("building the fuzz targets (a minute the first time)");
const args = ["build", "--release", "--locked", "--manifest-path", manifest, "--target", platform];
const env = { ...process.env, CARGO_TARGET_DIR: join(root, "fuzz", "target") };
const built = await runShown("cargo", args, {
  cwd: root,
  env: { ...env, RUSTFLAGS: COVERAGE },
  limitMs: BUILD_LIMIT,
});
if (!built) {
  console.error("They could not be built: see above. libFuzzer takes a C++ compiler: `apt install g++`.");
  process.exit(1);
}

const failed = [];
for (const name of targets) {
  const corpus = join(root, "fuzz", "corpus", name);
  const artifacts = join(root, "fuzz", "artifacts", name);
  for (const folder of [corpus, artifacts]) mkdirSync(folder, { recursive: true });
  (recorded().get(name) ?? []).forEach((text, place) => writeFileSync(join(corpus, `seed-${place}`), text));
  const log = join(root, "target", "fuzz", `${name}.log`);
  rmSync(log, { force: true });
  console.log(`${name}: ${seconds} s …`);
  const { ok } = await runLogged(
    join(root, "fuzz", "target", platform, "release", name),
    [
      corpus,
      `-artifact_prefix=${artifacts}/`,
      `-max_total_time=${seconds}`,
      `-max_len=${MAX_LENGTH}`,
      `-timeout=${MAX_SECONDS}`,
      "-verbosity=0",
      "-print_final_stats=1",
    ],
    { cwd: root, log },
  );
  const said = readFileSync(log, "utf8");
  const runs = /number_of_executed_units: (\d+)/.exec(said)?.[1];
  console.log(ok ? `${name} passed, ${Number(runs).toLocaleString("en")} inputs` : said.slice(-2000));
  if (!ok) failed.push(name);
}
if (failed.length > 0) {
  console.error(`failed: ${failed.join(", ")}; the input is in fuzz/artifacts, and belongs into a test`);
  process.exit(1);
}
console.log(`${targets.length} passed`);
