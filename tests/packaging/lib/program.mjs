/** An app in Node: it must follow a job to its end, and end by itself. */
import assert from "node:assert/strict";
import { run } from "./command.mjs";
import { runningJob } from "./job.mjs";

/**
 * @param {string} script
 * @param {{ cwd: string, server: string }} options
 * @returns {Promise<{ note: string }>} over what it followed the job
 */
export async function followInNode(script, { cwd, server }) {
  const job = await runningJob(server);
  /** @type {Promise<void> | undefined} */
  let completed;
  const printed = await run(process.execPath, [script, server, job.id], {
    cwd,
    onLine: (line) => {
      if (line.startsWith("running 40")) completed ??= job.complete();
    },
  });
  await completed;
  assert.match(printed, /^completed 100/m);
  const socket = typeof WebSocket === "undefined" ? "no WebSocket there" : "";
  const over = /^running 40 websocket$/m.test(printed) ? "over a WebSocket" : "over HTTP";
  return { note: [`Node ${process.versions.node}`, over, socket].filter(Boolean).join(", ") };
}
