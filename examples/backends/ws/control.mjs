/** Endpoints for tests of what is broadcast: what arrived, any frame, a cut. */
import { HttpError, readJson, sendJson } from "../../server/responses.mjs";

/** Of the frames that a test has sent at once. */
const MAX_REPLAY_BYTES = 16 * 1024 * 1024;

/**
 * @param {import("./broadcaster.mjs").Broadcaster} broadcaster
 * @param {string} folder where the endpoints are
 * @returns {import("../../server/http.mjs").Route[]}
 */
export function broadcastControlRoutes(broadcaster, folder) {
  return [
    {
      method: "GET",
      path: `${folder}/state`,
      handle({ response }) {
        const { size: sockets, counters, received } = broadcaster;
        sendJson(response, 200, { sockets, ...counters, received });
      },
    },
    {
      method: "POST",
      path: `${folder}/cut`,
      handle: ({ response }) => sendJson(response, 200, { closed: broadcaster.cut() }),
    },
    {
      method: "POST",
      path: `${folder}/replay`,
      async handle({ request, response }) {
        const frames = await readJson(request, MAX_REPLAY_BYTES);
        if (!Array.isArray(frames) || frames.some((frame) => typeof frame !== "string")) {
          throw new HttpError(400, "The body has to be a JSON array of texts, each one frame.");
        }
        for (const frame of frames) broadcaster.raw(frame);
        sendJson(response, 200, { sockets: broadcaster.size, frames: frames.length });
      },
    },
  ];
}
