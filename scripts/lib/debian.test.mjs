import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { aptCommand, aptInstall, canInstallPackages, rightsHere } from "./debian.mjs";

const folder = mkdtempSync(join(tmpdir(), "jobwire-debian-"));
after(() => rmSync(folder, { recursive: true }));

/** Programs that note how they were called, in place of sudo and apt-get. */
function fakePrograms() {
  const calls = join(folder, "calls");
  for (const name of ["sudo", "apt-get"]) {
    writeFileSync(join(folder, name), `#!/bin/sh\necho ${name} "$@" >> '${calls}'\n`, { mode: 0o755 });
  }
  return () => (existsSync(calls) ? readFileSync(calls, "utf8").trim().split("\n") : []);
}

test("sudo is used only where the person asked for it", () => {
  const machine = { apt: true, root: false };
  assert.equal(canInstallPackages({ ...machine, sudo: false }), false);
  assert.equal(canInstallPackages({ ...machine, sudo: true }), true);
  assert.equal(canInstallPackages({ apt: true, root: true, sudo: false }), true);
  assert.equal(canInstallPackages({ apt: false, root: true, sudo: true }), false);
  assert.deepEqual(aptCommand({ apt: true, root: true, sudo: true }, ["update"])[0], "apt-get");
  assert.deepEqual(aptCommand({ ...machine, sudo: true }, ["update"])[0], "sudo");
});

test("the person asks for it by a flag or a variable", () => {
  const sudo = (/** @type {string[]} */ args, /** @type {NodeJS.ProcessEnv} */ env) =>
    rightsHere(args, { PATH: "", ...env }).sudo;
  assert.equal(sudo(["test"], {}), false);
  assert.equal(sudo(["test", "--sudo"], {}), true);
  assert.equal(sudo([], { JOBWIRE_SUDO: "1" }), true);
  assert.equal(sudo([], { JOBWIRE_SUDO: "0" }), false);
});

test("without it no program is started at all", async () => {
  const calls = fakePrograms();
  const { PATH } = process.env;
  process.env.PATH = `${folder}:${PATH}`;
  const tools = { log: join(folder, "log"), onLine: () => {} };
  try {
    assert.equal(await aptInstall(["gcc"], tools, { apt: true, root: false, sudo: false }), false);
    assert.deepEqual(calls(), []);
    assert.equal(await aptInstall(["gcc"], tools, { apt: true, root: false, sudo: true }), true);
  } finally {
    process.env.PATH = PATH;
  }
  assert.equal(calls().length, 2);
  for (const call of calls()) assert.match(call, /^sudo \S+ -- apt-get /);
  assert.match(calls()[1] ?? "", / install -y --no-install-recommends gcc$/);
});
