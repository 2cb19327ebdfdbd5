/** The HTTP surface: finds the route of a request, asks for the token, and turns errors into answers. */
import { createAuthorizer } from "./auth.mjs";
import { HttpError, CORS_HEADERS, sendJson, sendText } from "./responses.mjs";
import { serveStatic } from "./static.mjs";

/**
 * @typedef {object} Exchange
 * @property {import("node:http").IncomingMessage} request
 * @property {import("node:http").ServerResponse} response
 * @property {URL} url
 * @property {string} id the `{id}` of the path, decoded; "" where the path has none
 */
/** @typedef {{ method: string, path: string, handle: (exchange: Exchange) => void | Promise<void> }} Route */

/** @param {string} path */
function pattern(path) {
  return new RegExp(`^${path.replace("{id}", "(?<id>[^/]+)")}$`);
}

/** @param {string} text */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new HttpError(400, "The path is not valid percent-encoding.");
  }
}

/**
 * @param {readonly Route[]} routes below `/api/`, where there are pages
 * @param {{ tokens: readonly string[], staticDir?: string }} config
 * @returns {(request: import("node:http").IncomingMessage, response: import("node:http").ServerResponse) => void}
 */
export function createRequestHandler(routes, config) {
  const authorized = createAuthorizer(config.tokens);
  const table = routes.map((route) => ({ ...route, pattern: pattern(route.path) }));

  /**
   * @param {import("node:http").IncomingMessage} request
   * @param {import("node:http").ServerResponse} response
   */
  async function answer(request, response) {
    const url = new URL(request.url ?? "/", "http://localhost");
    if (request.method === "OPTIONS") {
      response.writeHead(204, CORS_HEADERS).end();
      return;
    }
    if (url.pathname === "/healthz") return sendText(response, 200, "ok");
    if (config.staticDir !== undefined && !url.pathname.startsWith("/api/")) {
      return serveStatic(config.staticDir, url, request, response);
    }
    if (!authorized(request, url)) {
      throw new HttpError(
        401,
        "The token is missing or not accepted; send Authorization: Bearer or ?token=.",
        {
          "WWW-Authenticate": "Bearer",
        },
      );
    }
    const method = request.method === "HEAD" ? "GET" : request.method;
    const found = table.filter((route) => route.pattern.test(url.pathname));
    const route = found.find((one) => one.method === method);
    if (!route && found.length > 0) {
      const allowed = found.map((one) => one.method).join(", ");
      throw new HttpError(405, `${url.pathname} takes ${allowed}.`, { Allow: allowed });
    }
    if (!route) throw new HttpError(404, `There is nothing at ${url.pathname}.`);
    const id = decode(route.pattern.exec(url.pathname)?.groups?.["id"] ?? "");
    await route.handle({ request, response, url, id });
  }

  return (request, response) => {
    answer(request, response).catch((error) => {
      // The client went away in the middle, so there is nobody to tell.
      if (request.socket.destroyed) return;
      const known = error instanceof HttpError;
      if (!known) console.error(`${request.method} ${request.url?.split("?")[0]} failed:`, error);
      if (response.headersSent) {
        response.destroy();
        return;
      }
      const detail = known ? error.message : "The server met an unexpected error; its log says which.";
      sendJson(response, known ? error.status : 500, { detail }, known ? error.headers : {});
    });
  };
}
