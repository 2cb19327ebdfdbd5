/** The demo: its page, built, and its server as a process. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pkgDir, root, targetDir } from "./paths.mjs";
import { capture } from "./run.mjs";
import { hashOf, isFresh, markFresh } from "./stamp.mjs";
import { npmBin } from "./tools.mjs";

const page = join(root, "examples", "react");

/** @returns {boolean} whether anything had to be made */
export function buildPage() {
  if (!existsSync(join(page, "index.html"))) {
    throw new Error("examples/react/index.html is missing: there is no page to show.");
  }
  const stamp = join(targetDir, "react.stamp");
  const dist = join(page, "dist");
  const inputs = hashOf(root, [page, pkgDir, join(root, "package-lock.json"), join(root, "tsconfig.json")]);
  if (isFresh(stamp, inputs, [dist])) return false;
  const built = capture(npmBin("vite"), ["build", page], { cwd: root });
  if (!built.ok) throw new Error(`vite could not build examples/react.\n${built.out}${built.err}`);
  markFresh(stamp, inputs, [dist]);
  return true;
}

/**
 * Starts the embedded server, which says `ready <url>` when it listens.
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<{ url: string, child: import("node:child_process").ChildProcess }>}
 */
export function startServer(env) {
  const child = spawn(process.execPath, [join(root, "examples", "server", "main.mjs")], {
    cwd: root,
    // Often enough that the demo notices a silent server while one watches; its pages have switches for faults.
    env: { HEARTBEAT_MS: "5000", JOBWIRE_CONTROL: "1", ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  return new Promise((resolve, reject) => {
    createInterface({ input: /** @type {import("node:stream").Readable} */ (child.stdout) }).on(
      "line",
      (line) => {
        const url = /^ready (\S+)$/.exec(line)?.[1];
        if (url) resolve({ url, child });
        else console.log(line);
      },
    );
    child.once("error", reject);
    child.once("exit", (code) =>
      reject(new Error(`The server ended before it listened (exit code ${code}).`)),
    );
  });
}
