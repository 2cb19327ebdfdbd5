/** Serves the built demo pages, each also without its `.html`, and nothing outside their folder. */
import { createReadStream } from "node:fs";
import { extname } from "node:path";
import { pipeline } from "node:stream/promises";
import { decodePath, fileWithin } from "./files.mjs";
import { HttpError } from "./responses.mjs";

/** @type {Record<string, string>} */
const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".woff2": "font/woff2",
};

/**
 * @param {string} root
 * @param {URL} url
 * @param {import("node:http").IncomingMessage} request
 * @param {import("node:http").ServerResponse} response
 */
export async function serveStatic(root, url, request, response) {
  if (request.method !== "GET" && request.method !== "HEAD") {
    throw new HttpError(405, "Pages can only be read.", { Allow: "GET, HEAD" });
  }
  const path = decodePath(url.pathname);
  if (path === undefined) throw new HttpError(400, "The path is not valid.");
  const wanted = path === "/" ? "/index.html" : path;
  const file = (await fileWithin(root, wanted)) ?? (await fileWithin(root, `${wanted}.html`));
  if (!file) {
    const isBuilt = await fileWithin(root, "index.html");
    throw new HttpError(
      404,
      isBuilt ? `There is no ${path}.` : "The demo page is not built; run `npm start`.",
    );
  }
  response.writeHead(200, {
    "Content-Type": TYPES[extname(file.path)] ?? "application/octet-stream",
    "Content-Length": file.size,
    // Files below assets/ carry a hash of their content in their name.
    "Cache-Control": wanted.startsWith("/assets/") ? "public, max-age=31536000, immutable" : "no-cache",
    "X-Content-Type-Options": "nosniff",
  });
  if (request.method === "HEAD") response.end();
  else await pipeline(createReadStream(file.path), response);
}
