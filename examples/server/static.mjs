/** Serves the built demo pages, each also without its `.html`, and nothing outside their folder. */
import { createReadStream } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { extname, join, sep } from "node:path";
import { pipeline } from "node:stream/promises";
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
 * The file of a path, when it lies within the folder with every symbolic link followed.
 * @param {string} root
 * @param {string} path decoded
 */
async function fileAt(root, path) {
  try {
    const folder = await realpath(root);
    const file = await realpath(join(folder, path));
    if (!file.startsWith(folder + sep)) return null;
    const found = await stat(file);
    return found.isFile() ? { path: file, size: found.size } : null;
  } catch {
    // It does not exist, cannot be read, or has a name that is too long.
    return null;
  }
}

/**
 * The path with its percent-encoding undone once. A backslash separates folders on some systems, and never in the
 * name of a page.
 * @param {string} pathname
 */
function decodePath(pathname) {
  try {
    const path = decodeURIComponent(pathname);
    // eslint-disable-next-line no-control-regex -- control characters are what is refused here
    if (!/[\u0000-\u001f\\]/.test(path)) return path;
  } catch {
    // Falls through: a broken escape names no file either.
  }
  throw new HttpError(400, "The path is not valid.");
}

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
  const wanted = path === "/" ? "/index.html" : path;
  const file = (await fileAt(root, wanted)) ?? (await fileAt(root, `${wanted}.html`));
  if (!file) {
    const isBuilt = await fileAt(root, "index.html");
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
