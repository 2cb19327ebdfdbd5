/** The HTTP surface, in Express. */
import express from "express";
import { createAuthorizer } from "../../server/auth.mjs";
import { CORS_HEADERS, HttpError } from "../../server/responses.mjs";
import { FOLDER } from "./progress.mjs";
import { explain } from "./upload.mjs";

/** @param {express.Request} request */
const urlOf = (request) => new URL(request.originalUrl, "http://localhost");

/**
 * @param {import("./images.mjs").Images} images
 * @param {import("./config.mjs").ImageConfig} config
 */
export function createApp(images, config) {
  const app = express();
  app.disable("x-powered-by");
  app.use((request, response, next) => {
    response.set(CORS_HEADERS);
    if (request.method === "OPTIONS") response.sendStatus(204);
    else next();
  });
  app.get("/healthz", (_request, response) => void response.type("text").send("ok"));

  const authorized = createAuthorizer(config.tokens);
  app.use((request, _response, next) => {
    if (!authorized(request, urlOf(request)))
      throw new HttpError(401, "The token is missing or not accepted.");
    next();
  });
  app.post(`${FOLDER}/extract`, images.upload, (request, response) => {
    response.status(202).json(images.extract(request, urlOf(request).searchParams));
  });
  app.get(`${FOLDER}/sessions/:sessionId`, (request, response) => {
    response.json(images.session(request.params.sessionId));
  });
  app.get(`${FOLDER}/results/:sessionId`, (request, response) => {
    response.json(images.result(request.params.sessionId));
  });
  app.get(`${FOLDER}/_control/state`, (_request, response) => {
    response.json({ sockets: images.sockets.size, ...images.sockets.counters });
  });
  app.post(`${FOLDER}/_control/cut`, (_request, response) => {
    response.json({ closed: images.sockets.cut() });
  });
  app.use((request) => {
    throw new HttpError(404, `There is nothing at ${request.path}.`);
  });

  /** @type {express.ErrorRequestHandler} */
  const answerError = (thrown, request, response, next) => {
    if (response.headersSent) return next(thrown);
    const error = explain(thrown);
    const known = error instanceof HttpError;
    if (!known) console.error(`${request.method} ${request.path} failed:`, error);
    const detail = known ? error.message : "The server met an unexpected error; its log says which.";
    response.status(known ? error.status : 500).json({ detail });
  };
  app.use(answerError);
  return app;
}
