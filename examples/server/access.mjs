/**
 * Decides who may talk to a server: under which host names, and from pages of which origins. It keeps out names that
 * somebody else's DNS points at this machine, and pages of other sites, which a browser lets send requests.
 */
import { hostOfOrigin, isLoopbackAddress, isLoopbackName, parseHost } from "./address.mjs";
import { HttpError } from "./responses.mjs";

/**
 * @typedef {object} AccessConfig
 * @property {string} host the address that the server listens on
 * @property {readonly string[]} allowedHosts names under which it is reached, without ports, beside loopback ones
 * @property {readonly string[]} allowedOrigins of pages, such as `https://app.example.com`, beside loopback ones
 */
/**
 * What a request says about where it comes from.
 * @typedef {object} Caller
 * @property {string | undefined} host the Host header; several of them joined with commas
 * @property {string | undefined} origin the Origin header; several of them joined with commas
 */
/**
 * @typedef {object} Access
 * @property {(caller: Caller) => string | undefined} refusal why a request is refused with 403, if it is
 * @property {(origin: string) => boolean} allowsOrigin whether pages of an origin may read answers
 * @property {(origin: string | undefined) => Record<string, string>} corsHeaders of the answer to such a page
 */

/** @param {string} origin */
function isLoopbackOrigin(origin) {
  const name = parseHost(hostOfOrigin(origin));
  return name !== undefined && isLoopbackName(name);
}

/**
 * Requests without an Origin header pass: browsers send one with everything that a page could do harm with.
 * @param {AccessConfig} config
 * @returns {Access}
 */
export function createAccess({ host, allowedHosts, allowedOrigins }) {
  const own = host.includes(":") ? `[${host}]` : host;
  const hosts = new Set([own, ...allowedHosts].map((name) => name.toLowerCase()));
  const origins = new Set(allowedOrigins.map((origin) => origin.toLowerCase()));
  /** @param {string} origin */
  const allowsOrigin = (origin) => isLoopbackOrigin(origin) || origins.has(origin.toLowerCase());

  return {
    allowsOrigin,
    refusal(caller) {
      const name = parseHost(caller.host);
      if (name === undefined || !(isLoopbackName(name) || hosts.has(name))) {
        return "This server is not reached under this host name; JOBWIRE_ALLOWED_HOSTS names those that it has.";
      }
      const { origin } = caller;
      if (origin === undefined || allowsOrigin(origin)) return undefined;
      // A page that came from this server itself, under one of its names.
      if (hostOfOrigin(origin) === caller.host?.toLowerCase()) return undefined;
      return "Pages of this origin may not use this server; JOBWIRE_ALLOWED_ORIGINS names those that may.";
    },
    corsHeaders(origin) {
      /** @type {Record<string, string>} */
      const always = { Vary: "Origin" };
      if (origin === undefined || !allowsOrigin(origin)) return always;
      return {
        ...always,
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": "GET, HEAD, POST, OPTIONS",
        "Access-Control-Allow-Headers": "Authorization, Content-Type, X-Filename, If-None-Match",
        "Access-Control-Expose-Headers": "ETag, Retry-After",
        "Access-Control-Max-Age": "600",
      };
    },
  };
}

/**
 * @param {import("node:http").IncomingMessage} request
 * @returns {Caller}
 */
export function callerOf({ headersDistinct: { host, origin } }) {
  return { host: host?.join(","), origin: origin?.join(",") };
}

/**
 * Whether a request comes from this machine itself, and not through a proxy for somebody else.
 * @param {import("node:http").IncomingMessage} request
 */
export function isLocal(request) {
  const { host, origin } = callerOf(request);
  const name = parseHost(host);
  return (
    isLoopbackAddress(request.socket.remoteAddress ?? "") &&
    name !== undefined &&
    isLoopbackName(name) &&
    (origin === undefined || isLoopbackOrigin(origin)) &&
    request.headers.forwarded === undefined &&
    request.headers["x-forwarded-for"] === undefined
  );
}

/** Throws 403 where a request comes from elsewhere. @param {import("node:http").IncomingMessage} request */
export function requireLocal(request) {
  if (!isLocal(request)) throw new HttpError(403, "This is only for the machine that the server runs on.");
}

/**
 * Routes that only this machine may use.
 * @param {readonly import("./http.mjs").Route[]} routes
 * @returns {import("./http.mjs").Route[]}
 */
export function localOnly(routes) {
  return routes.map((route) => ({
    ...route,
    handle(exchange) {
      requireLocal(exchange.request);
      return route.handle(exchange);
    },
  }));
}
