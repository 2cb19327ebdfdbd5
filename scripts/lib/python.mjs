/** A Python environment for the back-ends, in the cache, one for each set of requirements. */
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheDir, root } from "./paths.mjs";
import { capture, runLogged } from "./run.mjs";
import { hashOf } from "./stamp.mjs";
import { atLeast, versionIn } from "./tools.mjs";

export const MIN_PYTHON = "3.11";

/** What makes environments where Python has no venv module. */
const VIRTUALENV = join(root, "scripts", "python", "virtualenv.txt");

/** pip takes nothing but the files whose hashes the requirements have. */
const PIP_INSTALL = ["-m", "pip", "install", "--disable-pip-version-check", "--require-hashes"];

/** The back-ends pin the same versions where they need the same package, so that one environment serves all. */
const requirements = ["fastapi", "flask-socketio"].map((backEnd) =>
  join(root, "examples", "backends", backEnd, "requirements.txt"),
);

export function findPython() {
  const version = versionIn(capture("python3", ["--version"]).out);
  return version && atLeast(version, MIN_PYTHON) ? { program: "python3", version } : undefined;
}

/** @param {string} version of Python */
function folder(version) {
  return join(cacheDir, `venv-${hashOf(root, requirements, [version]).slice(0, 12)}`);
}

/** The Python that has the back-ends' requirements. */
export function findVenvPython() {
  const python = findPython();
  if (!python) return undefined;
  const venv = folder(python.version);
  const program = join(venv, "bin", "python");
  return existsSync(join(venv, "complete")) && existsSync(program) ? program : undefined;
}

/**
 * @param {{ log: string, onLine: (line: string) => void,
 *   aptInstall: (packages: readonly string[]) => Promise<boolean> }} tools
 */
export async function installVenv({ log, onLine, aptInstall }) {
  const python = findPython();
  if (!python) return false;
  const venv = folder(python.version);
  rmSync(venv, { recursive: true, force: true });
  /** @param {string} program @param {readonly string[]} args @param {NodeJS.ProcessEnv} [env] */
  const run = async (program, args, env) =>
    (await runLogged(program, args, { log, onLine, env: { ...process.env, ...env } })).ok;

  const create = () => run(python.program, ["-m", "venv", venv]);
  const made =
    (await create()) ||
    // Debian keeps the venv module in a package of its own.
    ((await aptInstall(["python3-venv"])) && (await create())) ||
    (await createWithVirtualenv(python.program, venv, run));
  if (!made) return false;
  const program = join(venv, "bin", "python");
  const files = requirements.flatMap((path) => ["-r", path]);
  if (!(await run(program, [...PIP_INSTALL, ...files]))) return false;
  writeFileSync(join(venv, "complete"), "");
  return true;
}

/**
 * @param {string} python
 * @param {string} venv
 * @param {(program: string, args: readonly string[], env?: NodeJS.ProcessEnv) => Promise<boolean>} run
 */
async function createWithVirtualenv(python, venv, run) {
  const tool = join(cacheDir, "virtualenv");
  rmSync(venv, { recursive: true, force: true });
  return (
    (await run(python, [...PIP_INSTALL, "--target", tool, "-r", VIRTUALENV])) &&
    (await run(python, ["-m", "virtualenv", venv], { PYTHONPATH: tool }))
  );
}
