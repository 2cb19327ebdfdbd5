/** The HTTP surface, in Express. */
import express from "express";
import { requireLocal } from "../../server/access.mjs";
import { parseTarget } from "../../server/address.mjs";
import { createAuthorizer } from "../../server/auth.mjs";
import { HttpError, sendError } from "../../server/responses.mjs";
import { FOLDER } from "./progress.mjs";

/** @param {express.Request} request */
function urlOf(request) {
  const url = parseTarget(request.originalUrl);
  if (!url) throw new HttpError(400, "The request target is not a path that begins with a slash.");
  return url;
}

/** For tests, and for this machine only. @param {import("./progress.mjs").ProgressSockets} sockets */
function controls(sockets) {
  const router = express.Router();
  router.use((request, _response, next) => {
    requireLocal(request);
    next();
  });
  router.get(
    "/state",
    (_request, response) => void response.json({ sockets: sockets.size, ...sockets.counters }),
  );
  router.post("/cut", (_request, response) => void response.json({ closed: sockets.cut() }));
  return router;
}

/**
 * The error as one that the client may read, if it was its mistake; Express has a status for those that it finds.
 * @param {any} error
 */
function explain(error) {
  const { status } = error ?? {};
  if (error instanceof HttpError || !(status >= 400 && status < 500)) return error;
  return new HttpError(status, "The request cannot be read.");
}

/**
 * @param {import("./images.mjs").Images} images
 * @param {Pick<import("./config.mjs").Config, "tokens" | "control">} config
 */
export function createApp(images, config) {
  const app = express();
  app.disable("x-powered-by");
  app.get("/healthz", (_request, response) => void response.type("text").send("ok"));

  const authorized = createAuthorizer(config.tokens);
  app.use((request, _response, next) => {
    if (!authorized(request, urlOf(request)))
      throw new HttpError(401, "The token is missing or not accepted.");
    next();
  });
  app.post(`${FOLDER}/extract`, images.upload, (request, response) => {
    const form = /** @type {import("../../server/form.mjs").Form} */ (/** @type {unknown} */ (request));
    response.status(202).json(images.extract(form, urlOf(request).searchParams));
  });
  app.get(`${FOLDER}/sessions/:sessionId`, (request, response) => {
    response.json(images.session(request.params.sessionId));
  });
  app.get(`${FOLDER}/results/:sessionId`, (request, response) => {
    response.json(images.result(request.params.sessionId));
  });
  if (config.control) app.use(`${FOLDER}/_control`, controls(images.sockets));
  app.use((request) => {
    throw new HttpError(404, `There is nothing at ${request.path}.`);
  });

  // Express knows an error handler by its four parameters.
  /** @type {express.ErrorRequestHandler} */
  const answerError = (error, request, response, _next) => sendError(request, response, explain(error));
  app.use(answerError);
  return app;
}
