/** Compiles tools that are published as crates, with the dependencies that their authors locked. */
import { runLogged } from "./run.mjs";
import { toolRoot } from "./tools.mjs";
import { wasmRust } from "./wasm-target.mjs";

/**
 * @param {string} crate
 * @param {string} tool name of the folder it goes to
 * @param {string} version
 * @param {{ run?: typeof runLogged, rust?: () => import("./wasm-target.mjs").Rust }} [parts] other ones in tests
 * @returns {(tools: import("./steps.mjs").Tools) => Promise<boolean>}
 */
export function cargoInstall(crate, tool, version, { run = runLogged, rust = wasmRust } = {}) {
  return async ({ log, onLine, say }) => {
    const { cargo, env: added } = rust();
    const args = ["install", `${crate}@${version}`, "--root", toolRoot(tool, version)];
    // In the home folder, so that no toolchain file or Cargo configuration of a project has a say.
    const options = { log, onLine, env: { ...process.env, ...added }, cwd: process.env.HOME };
    const locked = await run(cargo, [...args, "--locked"], options);
    if (locked.ok) return true;
    say(
      `the dependencies that ${crate} ${version} locks could not be used (${locked.last}); ` +
        "taking the newest ones that it accepts",
    );
    return (await run(cargo, args, options)).ok;
  };
}
