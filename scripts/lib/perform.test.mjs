import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { explain, perform } from "./perform.mjs";
import { runLogged } from "./run.mjs";
import { START, steps, stepsFor } from "./steps.mjs";

const logFolder = mkdtempSync(join(tmpdir(), "jobwire-log-"));
after(() => rmSync(logFolder, { recursive: true }));

/**
 * @param {string} id
 * @param {Partial<import("./steps.mjs").Step>} [rest]
 * @returns {import("./steps.mjs").Step}
 */
const step = (id, rest) => ({
  id,
  name: id.toUpperCase(),
  detect: () => "1.0",
  remedy: `get ${id}`,
  ...rest,
});

/** A person who is not root and has not asked for sudo. */
const NOBODY = { apt: true, root: false, sudo: false };

/** @param {readonly import("./steps.mjs").Step[]} table */
async function performed(table, rights = NOBODY) {
  /** @type {string[]} */
  const printed = [];
  const result = await perform(table, { print: (text) => printed.push(text), logFolder, rights });
  return { ...result, printed: printed.join("\n") };
}

test("what is there is not installed again", async () => {
  let installs = 0;
  const install = async () => {
    installs += 1;
    return true;
  };
  const { failed, printed } = await performed([step("tool", { install })]);
  assert.equal(installs, 0);
  assert.deepEqual(failed, []);
  assert.match(printed, /^\[1\/1\] TOOL … found: 1\.0 \(\d+\.\d s\)$/);
});

test("what is missing is installed once, and looked for again", async () => {
  let there = false;
  const install = async () => (there = true);
  const { failed, printed } = await performed([
    step("tool", { detect: () => there && "1.0", install, duration: "a while" }),
  ]);
  assert.deepEqual(failed, []);
  assert.match(printed, /installing \(a while\)\n +installed in/);
});

test("an installation that claims success without effect has failed", async () => {
  const { failed } = await performed([step("tool", { detect: () => false, install: async () => true })]);
  assert.equal(failed.length, 1);
});

test("a failed installation names the last words of the program, the log and the remedy", async () => {
  const program = 'console.log("first"); console.error("\\u001b[31mdisk full\\u001b[0m"); process.exit(1)';
  const { failed } = await performed([
    step("tool", {
      detect: () => false,
      install: async (tools) => (await runLogged(process.execPath, ["-e", program], tools)).ok,
    }),
  ]);
  const [problem] = failed;
  assert.ok(problem);
  const text = explain(problem);
  const log = join(logFolder, "tool.log");
  assert.match(text, /^not available: TOOL \(disk full; log: /);
  assert.ok(text.includes(log));
  assert.match(text, /→ get tool$/);
  assert.ok(existsSync(log));
  assert.match(readFileSync(log, "utf8"), /first/);
});

test("packages are not installed unless the person is root or asked for sudo, and the command is named", async () => {
  const table = [
    step("cc", { detect: () => false, packages: ["gcc", "libc6-dev"] }),
    step("rust", { detect: () => false, install: (tools) => tools.aptInstall(["rustc-web"]) }),
  ];
  const { failed, printed } = await performed(table);
  const texts = failed.map(explain);
  assert.match(
    texts[0] ?? "",
    /→ Run `sudo apt-get install gcc libc6-dev`, or start again with --sudo or JOBWIRE_SUDO=1/,
  );
  assert.match(texts[1] ?? "", /→ Run `sudo apt-get install rustc-web`/);
  assert.match(printed, /CC … missing/);
  const elsewhere = await performed(table, { apt: false, root: true, sudo: true });
  assert.deepEqual(
    elsewhere.failed.map(explain).map((text) => text.split("→ ")[1]),
    ["get cc", "get rust"],
  );
});

test("what needs a failed step is not tried, and known to follow from it", async () => {
  let tried = false;
  const detect = () => {
    tried = true;
    return "1.0";
  };
  const { failed } = await performed([
    step("base", { detect: () => false }),
    step("tool", { needs: ["base"], detect }),
    step("other"),
  ]);
  assert.equal(tried, false);
  assert.deepEqual(
    failed.map((problem) => [problem.step.id, problem.follows]),
    [
      ["base", false],
      ["tool", true],
    ],
  );
});

test("an optional step that fails is told apart", async () => {
  const { failed, leftOut } = await performed([step("extra", { optional: true, detect: () => undefined })]);
  assert.deepEqual(failed, []);
  assert.equal(leftOut[0]?.reason, "it was not found");
});

test("a wrong setting is explained instead of installed over", async () => {
  const { failed } = await performed([
    step("tool", {
      detect: () => {
        throw new Error("TOOL_BIN is wrong");
      },
      install: async () => true,
    }),
  ]);
  assert.equal(failed[0]?.reason, "TOOL_BIN is wrong");
});

test("steps bring what they need, in the order of the table, each once", () => {
  const table = [step("a"), step("b", { needs: ["a"] }), step("c", { needs: ["a", "b"] }), step("d")];
  assert.deepEqual(
    stepsFor(["c", "b"], table).map(({ id }) => id),
    ["a", "b", "c"],
  );
  assert.throws(() => stepsFor(["e"], table), /no set-up step "e"/);
});

test("npm start asks for no browser, no Python and no Redis", () => {
  const ids = stepsFor(START).map(({ id }) => id);
  for (const id of ["chromium", "firefox", "python", "venv", "redis"]) assert.ok(!ids.includes(id), id);
});

test("every step comes after the steps it needs", () => {
  const ids = steps.map(({ id }) => id);
  for (const { id, needs = [] } of steps) {
    for (const need of needs) assert.ok(ids.indexOf(need) < ids.indexOf(id), `${id} needs ${need}`);
  }
});
