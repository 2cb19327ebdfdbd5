/** The Socket.IO surface: the namespaces /jobs and /performance. */
import { createTokenCheck } from "../auth.mjs";
import { EventError, onlyObject } from "./payload.mjs";
import { checkedControls } from "./performance.mjs";

/** @typedef {import("socket.io").Socket} Socket */

const JOBS = "jobs";
const PERFORMANCE = "performance";

/**
 * @param {Socket} socket
 * @param {string} event
 * @param {(payload: unknown[]) => unknown} handle what it gives is the acknowledgement, when the client asked for one
 */
function on(socket, event, handle) {
  socket.on(event, (/** @type {unknown[]} */ ...payload) => {
    const last = payload.at(-1);
    const acknowledge = typeof last === "function" ? /** @type {Function} */ (payload.pop()) : undefined;
    try {
      const reply = handle(payload);
      if (reply === undefined) acknowledge?.();
      else acknowledge?.(reply);
    } catch (error) {
      const known = error instanceof EventError;
      if (!known) console.error(`The event ${event} failed:`, error);
      const message = known ? error.message : "The server met an unexpected error; its log says which.";
      socket.emit("error_message", { event, message });
      acknowledge?.({ ok: false, error: message });
    }
  });
}

/**
 * @param {import("socket.io").Server} io
 * @param {readonly string[]} tokens
 * @param {import("./jobs.mjs").KaraokeJobs} jobs
 * @param {import("./performance.mjs").Performance} performance
 */
export function registerEvents(io, tokens, jobs, performance) {
  const accepted = createTokenCheck(tokens);
  for (const namespace of [io.of("/jobs"), io.of("/performance")]) {
    namespace.use((socket, next) => {
      if (accepted(socket.handshake.auth["token"])) next();
      else next(Object.assign(new Error("unauthorized"), { data: { code: "unauthorized" } }));
    });
  }
  io.of("/jobs").on("connection", (socket) => serveJobs(socket, jobs));
  io.of("/performance").on("connection", (socket) => servePerformance(socket, performance));
}

/**
 * @param {import("socket.io").Server} io
 * @returns {(event: string, job: import("./jobs.mjs").Job) => void}
 */
export const announcer = (io) => (event, job) => void io.of("/jobs").to(JOBS).emit(event, job);

/**
 * @param {Socket} socket
 * @param {import("./jobs.mjs").KaraokeJobs} jobs
 */
function serveJobs(socket, jobs) {
  on(socket, "subscribe_to_jobs", () => {
    void socket.join(JOBS);
    socket.emit("subscribed", { room: JOBS });
  });
  on(socket, "unsubscribe_from_jobs", () => {
    void socket.leave(JOBS);
    socket.emit("unsubscribed", { room: JOBS });
  });
  on(socket, "request_jobs_list", () => {
    const list = { jobs: jobs.list() };
    socket.emit("jobs_list", list);
    return list;
  });
  on(socket, "cancel_job", (payload) => {
    const id = onlyObject(payload)["job_id"];
    if (typeof id !== "string") throw new EventError("job_id must be the id of a job.");
    const entry = jobs.get(id);
    if (!entry) throw new EventError("There is no such job.");
    if (!jobs.cancel(entry)) {
      throw new EventError(`The job cannot be cancelled: it is ${entry.job.status} already.`);
    }
    return { ok: true };
  });
}

/**
 * @param {Socket} socket
 * @param {import("./performance.mjs").Performance} performance
 */
function servePerformance(socket, performance) {
  const showAll = () => socket.nsp.to(PERFORMANCE).emit("performance_state", performance.state);

  on(socket, "join_performance", () => {
    void socket.join(PERFORMANCE);
    socket.emit("performance_state", performance.state);
    return performance.state;
  });
  on(socket, "leave_performance", () => void socket.leave(PERFORMANCE));
  on(socket, "update_performance_control", (payload) => {
    const controls = checkedControls(onlyObject(payload));
    if (Object.keys(controls).length === 0) throw new EventError("Send at least one control.");
    performance.change(controls);
    showAll();
    return performance.state;
  });
  for (const event of ["playback_play", "playback_pause"]) {
    on(socket, event, (payload) => {
      const controls = checkedControls(onlyObject(payload));
      const { current_time, revision } = performance.change({
        ...controls,
        is_playing: event === "playback_play",
      });
      socket.to(PERFORMANCE).emit(event, { current_time, revision });
      showAll();
      return performance.state;
    });
  }
}
