/** Limits the time in which the body of a request arrives, for every route alike. */
import { sendJson } from "./responses.mjs";

/** @typedef {{ idleMs: number, bodyMs: number }} BodyLimits as `Limits` of limits.mjs has them */

/** How long a body is still read after its answer, so that the client gets to see the answer. */
const DRAIN_MS = 2_000;
/** How many times an idle time is looked at. */
const CHECKS = 4;

/** @param {import("node:http").IncomingMessage} request */
const hasBody = ({ headers }) =>
  headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;

/**
 * Answers a body that stops arriving, or takes too long, with 408. Ends the connection of a body that goes on after
 * its answer.
 * @param {import("node:http").IncomingMessage} request
 * @param {import("node:http").ServerResponse} response
 * @param {BodyLimits} limits
 */
export function limitBody(request, response, { idleMs, bodyMs }) {
  if (!hasBody(request)) return;
  const { socket } = request;
  const began = performance.now();
  let [seenBytes, seenAt] = [socket.bytesRead, began];
  const check = () => {
    if (request.complete) return clearInterval(timer);
    const now = performance.now();
    if (socket.bytesRead !== seenBytes) [seenBytes, seenAt] = [socket.bytesRead, now];
    if (now - seenAt < idleMs && now - began < bodyMs) return;
    clearInterval(timer);
    if (response.headersSent) return request.destroy();
    const detail =
      now - seenAt < idleMs
        ? `The body takes longer than ${bodyMs} ms; send less, or send it faster.`
        : `Nothing of the body came for ${idleMs} ms; send it again.`;
    sendJson(response, 408, { detail }, { Connection: "close" });
  };
  const timer = setInterval(check, Math.max(1, Math.min(idleMs, bodyMs) / CHECKS));
  response.on("close", () => clearInterval(timer));
  response.on("finish", () => {
    clearInterval(timer);
    if (request.complete) return;
    request.resume();
    // Node forgets a request when it is answered: whoever reads its body would wait for ever for the rest.
    const leave = () => request.destroy();
    const drained = setTimeout(leave, DRAIN_MS);
    socket.on("close", leave);
    request.on("close", () => {
      clearTimeout(drained);
      socket.off("close", leave);
    });
  });
}
