/** Serves the test pages of tests/e2e/pages at `/` and the built package at `/pkg/`. */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { pkgDir } from "../../../scripts/lib/paths.mjs";

const PAGES = fileURLToPath(new URL("../pages", import.meta.url));
const PACKAGE_PREFIX = "/pkg/";

/** @type {Record<string, string>} */
const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".wasm": "application/wasm",
};

/**
 * @param {{ pages?: string, pkg?: string, headers?: Record<string, string> }} [options] folders, and headers of every
 *   answer, such as a Content-Security-Policy
 * @returns {Promise<{ url: string, close: () => Promise<void> }>} on a free port
 */
export async function servePages({ pages = PAGES, pkg = pkgDir, headers = {} } = {}) {
  const server = createServer(async (request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname));
    const file = path.startsWith(PACKAGE_PREFIX)
      ? join(pkg, path.slice(PACKAGE_PREFIX.length))
      : join(pages, path.endsWith("/") ? `${path}index.html` : path);
    try {
      const body = await readFile(file);
      const type = TYPES[extname(file)] ?? "application/octet-stream";
      response.writeHead(200, { "Content-Type": type, "Cache-Control": "no-store", ...headers }).end(body);
    } catch {
      // Browsers ask for an icon by themselves; a 404 would be an error in every page's console.
      response.writeHead(path === "/favicon.ico" ? 204 : 404).end();
    }
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(undefined));
  });
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
