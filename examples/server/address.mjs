/** Reads the addresses that a request carries. Nothing here throws, whatever the bytes are. */

/**
 * A request target in origin form: a path, and maybe a query (RFC 9112, section 3.2.1).
 * @param {string | undefined} target
 * @returns {URL | undefined} `undefined` for every other form; only the path and the query of the URL mean anything
 */
export function parseTarget(target) {
  if (target === undefined || !target.startsWith("/")) return undefined;
  // Put behind an origin, and not resolved against one: "//" would be read as the beginning of a host.
  const address = `http://localhost${target}`;
  return URL.canParse(address) ? new URL(address) : undefined;
}

const HOST = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9_.-]{1,255})(?::\d{1,5})?$/i;

/**
 * The name of a host without its port, in lower case.
 * @param {string | undefined} header the value of a Host header
 * @returns {string | undefined} `undefined` where the value is no name, IPv4 address or bracketed IPv6 address
 */
export function parseHost(header) {
  const [, name] = HOST.exec(header ?? "") ?? [];
  return name?.toLowerCase().replace(/\.$/, "");
}

/** @param {string} address an IPv4 or IPv6 address without brackets */
export function isLoopbackAddress(address) {
  return address === "::1" || /^(?:::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/i.test(address);
}

/** @param {string} name as `parseHost` gives it */
export function isLoopbackName(name) {
  return name === "localhost" || isLoopbackAddress(name.replace(/^\[(.*)\]$/, "$1"));
}

/**
 * @param {string} origin the value of an Origin header
 * @returns {string | undefined} its host with the port; `undefined` for "null" and for what is no web origin
 */
export function hostOfOrigin(origin) {
  return /^https?:\/\/([^/?#@\\]+)$/i.exec(origin)?.[1]?.toLowerCase();
}
