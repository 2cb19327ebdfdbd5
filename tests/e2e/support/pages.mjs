/** Serves the test pages of tests/e2e/pages at `/` and the built package at `/pkg/`. */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, resolve, sep } from "node:path";
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
 * The file that a request asks for; nothing where the address is none, or leads out of the folder.
 * @param {{ pages: string, pkg: string }} folders
 * @param {string} target of the request line
 */
function fileOf({ pages, pkg }, target) {
  try {
    const path = decodeURIComponent(target.replace(/[?#].*$/s, ""));
    const [folder, rest] = path.startsWith(PACKAGE_PREFIX)
      ? [pkg, path.slice(PACKAGE_PREFIX.length)]
      : [pages, path.endsWith("/") ? `${path}index.html` : path];
    const file = resolve(folder, `./${rest}`);
    return file.startsWith(resolve(folder) + sep) && !file.includes("\0") ? file : undefined;
  } catch {
    return undefined;
  }
}

/**
 * @param {{ pages?: string, pkg?: string, headers?: Record<string, string> }} [options] folders, and headers of every
 *   answer, such as a Content-Security-Policy
 * @returns {Promise<{ url: string, close: () => Promise<void> }>} on a free port
 */
export async function servePages({ pages = PAGES, pkg = pkgDir, headers = {} } = {}) {
  const server = createServer(async (request, response) => {
    const file = fileOf({ pages, pkg }, request.url ?? "/");
    try {
      const body = await readFile(file ?? "");
      const type = TYPES[extname(file ?? "")] ?? "application/octet-stream";
      response.writeHead(200, { "Content-Type": type, "Cache-Control": "no-store", ...headers }).end(body);
    } catch {
      // Browsers ask for an icon by themselves; a 404 would be an error in every page's console.
      response.writeHead(request.url === "/favicon.ico" ? 204 : 404).end();
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
