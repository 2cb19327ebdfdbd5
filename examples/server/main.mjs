/** Command line of the embedded server: `node main.mjs [--port N] [--host ADDRESS] [--static FOLDER]`. */
import { readConfig } from "./config.mjs";
import { startServer } from "./server.mjs";

/** @param {unknown} error */
function explain(error) {
  const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
  if (code === "EADDRINUSE") return "The port is in use; choose another with --port, or 0 for any free one.";
  if (code === "EACCES") return "This port needs privileges; choose one above 1023 with --port.";
  return message;
}

try {
  const server = await startServer(readConfig(process.env, process.argv.slice(2)));
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) {
    process.once(signal, () => void server.close().then(() => process.exit(0)));
  }
  console.log(`ready ${server.url}`);
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
}
