/** The HTTP surface: finds the route of a request, and asks for the token. */
import { createAuthorizer } from "./auth.mjs";
import { HttpError, sendError, sendText } from "./responses.mjs";
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
 * @returns {(request: import("node:http").IncomingMessage, response: import("node:http").ServerResponse, url: URL) => void}
 */
export function createRequestHandler(routes, config) {
  const authorized = createAuthorizer(config.tokens);
  const table = routes.map((route) => ({ ...route, pattern: pattern(route.path) }));

  /**
   * @param {import("node:http").IncomingMessage} request
   * @param {import("node:http").ServerResponse} response
   * @param {URL} url
   */
  async function answer(request, response, url) {
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

  return (request, response, url) => {
    answer(request, response, url).catch((error) => sendError(request, response, error));
  };
}
