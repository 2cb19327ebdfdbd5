/** Makes one client and writes down everything it says, for a test to look at. Nothing here judges anything. */
import { JobsClient } from "/pkg/index.js";

/** Errors do not survive the way to the test; their fields do. */
const plain = (value) =>
  value instanceof Error
    ? { code: value.code, message: value.message, remedy: value.remedy, retryable: value.retryable }
    : value;

/** What happened, each kind in order. */
const seen = { states: [], events: [], logs: [], jobs: {}, tokens: [], results: {} };
window.seen = seen;

/** How many WebSockets there are that have not closed, and were at most. */
const sockets = { now: 0, most: 0 };
window.sockets = sockets;
window.WebSocket = class extends window.WebSocket {
  constructor(...given) {
    super(...given);
    sockets.most = Math.max(sockets.most, ++sockets.now);
    this.addEventListener("close", () => sockets.now--);
  }
};

/**
 * @param {object} options of the client; `tokens` holds one for the reason "connect", and the one that counts from the
 *   first "refresh" on
 */
window.begin = ({ tokens, ...options }) => {
  const token = (reason) => {
    if (reason === "refresh") tokens.connect = tokens.refresh;
    seen.tokens.push({ reason, given: tokens.connect });
    return tokens.connect;
  };
  const client = new JobsClient({
    protocol: "stream",
    ...options,
    ...(tokens && { token }),
    logger: (entry) => seen.logs.push(entry),
  });
  window.client = client;
  client.connection.subscribe((status) => seen.states.push({ ...status, error: plain(status.error) }));
  client.onAny((event, payload, meta) => seen.events.push({ event, payload, meta }));
};

window.follow = (id) => {
  seen.jobs[id] = [];
  const handle = window.client.job(id);
  const stop = handle.subscribe((job) => seen.jobs[id].push(job));
  handle.done().then(
    (job) => (seen.results[id] = job),
    (error) => (seen.results[id] = plain(error)),
  );
  return stop;
};

window.upload = async (url, body) => {
  const response = await fetch(url, { method: "POST", body, headers: { "X-Filename": "e2e.txt" } });
  return (await response.json()).job_id;
};
