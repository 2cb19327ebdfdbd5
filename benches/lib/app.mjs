/** The load page of examples/react, built, and an embedded server that serves it. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { root, targetDir } from "../../scripts/lib/paths.mjs";
import { Backend } from "../../tests/e2e/support/backend.mjs";

const SERVER = fileURLToPath(new URL("../../examples/server/main.mjs", import.meta.url));
const made = join(targetDir, "bench-app");

export async function buildApp() {
  const app = join(root, "examples", "react");
  await build({
    root: app,
    configFile: join(app, "vite.config.ts"),
    logLevel: "warn",
    build: { outDir: made, emptyOutDir: true },
  });
}

/** No heartbeats while it is measured: every event that is counted is one of the load's. */
export function startServer() {
  const args = (/** @type {number} */ port) => [SERVER, "--port", String(port), "--static", made];
  return new Backend({
    program: process.execPath,
    args,
    env: { HEARTBEAT_MS: "600000", JOBWIRE_CONTROL: "1" },
  }).start();
}
