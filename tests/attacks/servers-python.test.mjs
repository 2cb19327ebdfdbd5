/** The back-ends in Python, whole, with their launchers, workers and Redis. */
import { startFastapi, startFlask } from "../e2e/support/backend.mjs";
import { attackServer } from "./support/server-attacks.mjs";

const JOB = "00000000-0000-4000-8000-000000000000";
const SMALL_UPLOADS = { JOBWIRE_MAX_UPLOAD_MB: "4" };

attackServer({
  name: "FastAPI",
  start: (env) =>
    startFastapi({ workers: 1, env: { ...env, ...SMALL_UPLOADS, JOBWIRE_RATE: "100000/minute" } }),
  health: "/healthz",
  socket: `/api/v1/jobs/${JOB}/stream`,
  upload: "/api/v1/jobs",
  uploadHeaders: {},
  paths: ["/", "/api/v1/jobs/", "/api/v1/scores/"],
  closed: [
    "POST /api/v1/jobs",
    `GET /api/v1/jobs/${JOB}`,
    `POST /api/v1/jobs/${JOB}/cancel`,
    "OPTIONS /api/v1/jobs",
  ],
});

attackServer({
  name: "Flask-SocketIO",
  start: (env) => startFlask({ web: 2, env: { ...env, ...SMALL_UPLOADS } }),
  health: "/healthz",
  socket: "/socket.io/?EIO=4&transport=websocket",
  upload: "/api/jobs",
  uploadHeaders: {},
  paths: ["/", "/api/jobs/", `/api/jobs/${JOB}/`, "/socket.io/"],
  closed: [
    ...["POST /api/jobs", "GET /api/jobs", `POST /api/jobs/${JOB}/cancel`, "POST /api/_control/cut"],
    ...["GET /socket.io/?EIO=4&transport=polling", "OPTIONS /api/jobs"],
  ],
});
