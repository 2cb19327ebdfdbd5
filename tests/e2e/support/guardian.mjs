/**
 * Runs a command and ends it, with its whole process group, when the test process is gone, however that ended:
 * the standard input of this process is a pipe that only the test process holds. `node guardian.mjs COMMAND ARGS…`
 */
import { spawn } from "node:child_process";

const [command = "", ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"] });
child.on("error", (error) => {
  console.error(`${command} could not be started: ${error.message}`);
  process.exit(1);
});
child.on("exit", (code, signal) => process.exit(signal ? 1 : (code ?? 1)));

// The signal goes to the group: the command gets it as well, and its end is ours.
process.on("SIGTERM", () => {});
process.stdin.on("end", () => process.kill(-process.pid, "SIGKILL")).resume();
