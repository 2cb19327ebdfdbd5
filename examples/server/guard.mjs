/**
 * The outermost part of every server on Node: what it lets through has an address that can be read, a host name and an
 * origin that are allowed, and a body that arrives in time. A handler that throws ends one connection, never the server.
 */
import { createServer } from "node:http";
import { callerOf } from "./access.mjs";
import { parseTarget } from "./address.mjs";
import { limitBody } from "./body-time.mjs";
import { HttpError, refuseUpgrade, sendError } from "./responses.mjs";

/** @typedef {import("node:http").IncomingMessage} Request */
/** @typedef {import("node:http").ServerResponse} Response */
/** @typedef {import("node:stream").Duplex} Duplex */
/** @typedef {{ request: Request, socket: Duplex, head: Buffer, url: URL }} Handshake */
/**
 * @typedef {object} Guarded
 * @property {import("./access.mjs").Access} access
 * @property {import("./limits.mjs").Limits} limits
 * @property {(request: Request, response: Response, url: URL) => void} onRequest
 * @property {(handshake: Handshake) => void} onUpgrade
 */

const MAX_CONNECTIONS = 20_000;
/** How often Node looks for requests whose headers or bodies are late. */
const CHECK_MS = 1_000;

/** @param {Request} request @param {import("./access.mjs").Access} access */
function admit(request, access) {
  const url = parseTarget(request.url);
  if (!url) throw new HttpError(400, "The request target is not a path that begins with a slash.");
  const refusal = access.refusal(callerOf(request));
  if (refusal !== undefined) throw new HttpError(403, refusal);
  return url;
}

/**
 * @param {Guarded} guarded
 * @returns {import("node:http").Server}
 */
export function createGuardedServer({ access, limits, onRequest, onUpgrade }) {
  const options = {
    headersTimeout: limits.headersMs,
    // A body that is late is answered by `limitBody`; this is for what it does not see.
    requestTimeout: limits.headersMs + limits.bodyMs,
    connectionsCheckingInterval: Math.min(CHECK_MS, limits.headersMs),
  };
  const server = createServer(options, (request, response) => {
    limitBody(request, response, limits);
    try {
      const url = admit(request, access);
      for (const [name, value] of Object.entries(access.corsHeaders(request.headers.origin))) {
        response.setHeader(name, value);
      }
      if (request.method === "OPTIONS") response.writeHead(204).end();
      else onRequest(request, response, url);
    } catch (error) {
      sendError(request, response, error);
    }
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.on("upgrade", (request, socket, head) => {
    // Without a listener an error of the connection would end the process.
    socket.on("error", () => socket.destroy());
    try {
      onUpgrade({ request, socket, head, url: admit(request, access) });
    } catch (error) {
      if (!(error instanceof HttpError)) console.error("A handshake failed:", error);
      const { status, message } =
        error instanceof HttpError ? error : new HttpError(500, "The server met an unexpected error.");
      refuseUpgrade(socket, status, message);
    }
  });
  return server;
}
