/** Decides whether a request carries an accepted token. Never logs, stores or repeats one. */
import { createHash, timingSafeEqual } from "node:crypto";

/** @param {string} text */
const digest = (text) => createHash("sha256").update(text).digest();

/**
 * @param {readonly string[]} tokens accepted tokens; an empty list accepts everybody
 * @returns {(token: unknown) => boolean}
 */
export function createTokenCheck(tokens) {
  if (tokens.length === 0) return () => true;
  const accepted = tokens.map(digest);
  return (token) => {
    if (typeof token !== "string") return false;
    const given = digest(token);
    return accepted.some((one) => timingSafeEqual(one, given));
  };
}

/**
 * @param {readonly string[]} tokens
 * @returns {(request: import("node:http").IncomingMessage, url: URL) => boolean}
 */
export function createAuthorizer(tokens) {
  const accepted = createTokenCheck(tokens);
  return (request, url) => {
    const [, bearer] = /^Bearer (.+)$/i.exec(request.headers.authorization ?? "") ?? [];
    return accepted(bearer ?? url.searchParams.get("token"));
  };
}
