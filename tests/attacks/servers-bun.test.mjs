/** The track analysis back-end on Bun, with its worker. */
import { startBun } from "../e2e/support/backend.mjs";
import { attackServer } from "./support/server-attacks.mjs";

attackServer({
  name: "Bun",
  start: (env) => startBun({ env: { ...env, JOBWIRE_MAX_UPLOAD_BYTES: String(4 * 1024 * 1024) } }),
  health: "/healthz",
  socket: "/",
  upload: "/jobs",
  uploadHeaders: { "Content-Type": "multipart/form-data; boundary=b" },
  paths: ["/jobs/", "/_control/", "/x/"],
  closed: [
    ...["POST /jobs", "GET /jobs/1", "POST /notify", "OPTIONS /jobs"],
    ...["GET /_control/state", "POST /_control/cut", "POST /_control/replay"],
  ],
});
