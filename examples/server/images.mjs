/** The image sessions of the Express back-end, as one part of the server. */
import { readImageConfig } from "../backends/express/config.mjs";
import { Images } from "../backends/express/images.mjs";
import { FOLDER } from "../backends/express/progress.mjs";
import { receiveForm } from "./form.mjs";
import { sendJson } from "./responses.mjs";

/**
 * @param {import("./upload.mjs").UploadFolder} uploads
 * @param {import("./config.mjs").Config} config
 */
export function createImages(uploads, { tokens, heartbeatMs, workMs }) {
  const images = new Images(
    { ...readImageConfig(process.env), tokens, pingIntervalMs: heartbeatMs, workMs },
    uploads,
  );
  const { sockets } = images;
  /** @type {import("./http.mjs").Route[]} */
  const routes = [
    {
      method: "POST",
      path: `${FOLDER}/extract`,
      async handle({ request, response, url }) {
        const form = await receiveForm(images.upload, request, response);
        sendJson(response, 202, images.extract(form, url.searchParams));
      },
    },
    {
      method: "GET",
      path: `${FOLDER}/sessions/{id}`,
      handle: ({ response, id }) => sendJson(response, 200, images.session(id)),
    },
    {
      method: "GET",
      path: `${FOLDER}/results/{id}`,
      handle: ({ response, id }) => sendJson(response, 200, images.result(id)),
    },
  ];
  /** @type {import("./http.mjs").Route[]} */
  const controlRoutes = [
    {
      method: "GET",
      path: `${FOLDER}/_control/state`,
      handle: ({ response }) => sendJson(response, 200, { sockets: sockets.size, ...sockets.counters }),
    },
    {
      method: "POST",
      path: `${FOLDER}/_control/cut`,
      handle: ({ response }) => sendJson(response, 200, { closed: sockets.cut() }),
    },
  ];
  return { routes, controlRoutes, sockets, close: () => images.close() };
}
