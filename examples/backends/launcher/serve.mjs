/** Starts a server of Node, says where it is, and ends it on SIGTERM or Ctrl-C. */

/** @param {unknown} error */
function explain(error) {
  const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
  if (code === "EADDRINUSE") return "The port is in use; choose another with --port, or 0 for any free one.";
  if (code === "EACCES") return "This port needs privileges; choose one above 1023 with --port.";
  return message;
}

/** @param {() => Promise<{ url: string, close: () => Promise<void> }>} start */
export async function serve(start) {
  try {
    const server = await start();
    for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) {
      process.once(signal, () => void server.close().then(() => process.exit(0)));
    }
    console.log(`ready ${server.url}`);
  } catch (error) {
    console.error(explain(error));
    // What it began before it failed, such as a timer, must not keep it.
    process.exit(1);
  }
}
