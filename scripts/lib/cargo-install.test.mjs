import assert from "node:assert/strict";
import { test } from "node:test";
import { cargoInstall } from "./cargo-install.mjs";

/** @param {(args: readonly string[]) => { ok: boolean, last: string }} outcome */
async function installed(outcome) {
  /** @type {string[]} */
  const commands = [];
  /** @type {string[]} */
  const said = [];
  const install = cargoInstall("crate", "tool", "1.2.3", {
    rust: () => ({ cargo: "cargo", rustc: "rustc", env: {} }),
    run: async (command, args) => {
      commands.push([command, ...args].join(" ").replace(/--root \S+/, "--root R"));
      return outcome(args);
    },
  });
  const tools = {
    log: "",
    onLine: () => {},
    say: (/** @type {string} */ text) => said.push(text),
    aptInstall: async () => false,
  };
  return { ok: await install(tools), commands, said };
}

test("a tool is compiled with the dependencies that its authors locked", async () => {
  assert.deepEqual(await installed(() => ({ ok: true, last: "" })), {
    ok: true,
    commands: ["cargo install crate@1.2.3 --root R --locked"],
    said: [],
  });
});

test("where the index lacks a locked dependency, the newest ones are taken, and that is said", async () => {
  const { ok, commands, said } = await installed((args) => ({
    ok: !args.includes("--locked"),
    last: "error: no matching package",
  }));
  assert.deepEqual(commands, [
    "cargo install crate@1.2.3 --root R --locked",
    "cargo install crate@1.2.3 --root R",
  ]);
  assert.ok(ok);
  assert.match(said.join(), /crate 1\.2\.3 locks could not be used \(error: no matching package\)/);
});

test("a tool that cannot be compiled either way is not there", async () => {
  assert.equal((await installed(() => ({ ok: false, last: "no network" }))).ok, false);
});
