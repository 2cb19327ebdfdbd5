/** How many bytes a page downloads for the package. */
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

/**
 * Bytes (brotli, what a CDN serves) that a page may download for the package, by protocol, in the page or in a worker.
 * @type {Readonly<Record<string, number>>}
 */
export const BUDGETS = { stream: 52_000, broadcast: 57_000, "socket.io": 68_000 };

/** @typedef {{ raw: number, gzip: number, brotli: number }} Size */

/**
 * @param {Uint8Array} bytes
 * @returns {Size}
 */
export function sizeOf(bytes) {
  const brotli = brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.byteLength },
  });
  return { raw: bytes.byteLength, gzip: gzipSync(bytes, { level: 9 }).byteLength, brotli: brotli.byteLength };
}

/**
 * @param {readonly Size[]} sizes
 * @returns {Size}
 */
export function sum(sizes) {
  const total = { raw: 0, gzip: 0, brotli: 0 };
  for (const size of sizes) {
    total.raw += size.raw;
    total.gzip += size.gzip;
    total.brotli += size.brotli;
  }
  return total;
}

/**
 * The facade as a bundler would deliver it: minified, what is loaded on first use in chunks of its own. What several of
 * them import is a chunk that every page loads. Those loaded on first use are the host of a core in the page or in a
 * worker, what shares a connection among tabs, what only Socket.IO or only `broadcast` needs, what asks for tokens and
 * headers and finds them in texts, for pages that have any, and what asks validators, likewise.
 * @param {string} pkgDir
 */
async function minifiedFacade(pkgDir) {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    entryPoints: [join(pkgDir, "index.js")],
    bundle: true,
    minify: true,
    splitting: true,
    format: "esm",
    target: "es2022",
    outdir: pkgDir,
    write: false,
    external: [
      "./core.js",
      "./core-wasm.js",
      "./core-broadcast-wasm.js",
      "./core-socketio-wasm.js",
      "./core-worker.js",
    ],
  });
  const isFacade = (/** @type {{ path: string }} */ { path }) =>
    basename(path) === "index.js" || basename(path).startsWith("chunk-");
  const facade = outputFiles.filter(isFacade);
  if (!facade.length) throw new Error("esbuild made nothing of pkg/index.js.");
  const chunk = (/** @type {string} */ name) => {
    const files = outputFiles.filter(({ path }) => basename(path).startsWith(`${name}-`));
    if (files.length !== 1) throw new Error(`esbuild made ${files.length} chunks of ${name}.`);
    return sum(files.map(({ contents }) => sizeOf(contents)));
  };
  if (outputFiles.length > facade.length + 7) throw new Error("The facade has more chunks than are counted.");
  return {
    facade: sum(facade.map(({ contents }) => sizeOf(contents))),
    pageHost: chunk("page-core"),
    workerHost: chunk("worker-host"),
    tabs: chunk("tabs"),
    secrets: chunk("answers"),
    validators: chunk("validators"),
    channels: chunk("socketio"),
    entities: chunk("broadcast"),
  };
}

/** @param {string} pkgDir */
export async function measure(pkgDir) {
  /** @param {string} name */
  const shipped = (name) => sizeOf(readFileSync(join(pkgDir, name)));
  const chunks = await minifiedFacade(pkgDir);
  const { facade, pageHost, workerHost, channels, entities } = chunks;
  const glue = shipped("core.js");
  const worker = shipped("core-worker.js");
  const stream = shipped("core-wasm.js");
  const broadcast = shipped("core-broadcast-wasm.js");
  const socketIo = shipped("core-socketio-wasm.js");
  const parts = {
    "wasm (core.wasm)": shipped("core.wasm"),
    "wasm as shipped (core-wasm.js)": stream,
    "wasm (core-broadcast.wasm)": shipped("core-broadcast.wasm"),
    "wasm as shipped (core-broadcast-wasm.js)": broadcast,
    "wasm (core-socketio.wasm)": shipped("core-socketio.wasm"),
    "wasm as shipped (core-socketio-wasm.js)": socketIo,
    "glue (core.js)": glue,
    "facade (index.js, minified)": facade,
    "page's host (its chunk, minified)": pageHost,
    "worker's host (its chunk, minified)": workerHost,
    "sharing among tabs (its chunk, minified)": chunks.tabs,
    "tokens and headers (their chunk, minified)": chunks.secrets,
    "asking validators (its chunk, minified)": chunks.validators,
    "socket.io's part of the facade (its chunk, minified)": channels,
    "broadcast's part of the facade (its chunk, minified)": entities,
    "worker (core-worker.js)": worker,
  };
  const totals = {
    "stream, in the page: facade + host + glue + wasm": sum([facade, pageHost, glue, stream]),
    "stream, in a worker: facade + host + worker + wasm": sum([facade, workerHost, worker, stream]),
    "broadcast, in the page": sum([facade, entities, pageHost, glue, broadcast]),
    "broadcast, in a worker": sum([facade, entities, workerHost, worker, broadcast]),
    "socket.io, in the page": sum([facade, channels, pageHost, glue, socketIo]),
    "socket.io, in a worker": sum([facade, channels, workerHost, worker, socketIo]),
  };
  return { parts, totals };
}

/**
 * The totals that are above the budget of their protocol, one sentence each.
 * @param {Record<string, Size>} totals by name; a name begins with its protocol and a comma
 */
export function excesses(totals) {
  return Object.entries(totals).flatMap(([name, { brotli }]) => {
    const budget = BUDGETS[name.split(",")[0] ?? ""];
    if (budget === undefined) return [`${name}: there is no budget for this protocol`];
    if (brotli <= budget) return [];
    const over = (brotli - budget).toLocaleString("en");
    return [`${name}: ${over} bytes (brotli) above the budget of ${budget.toLocaleString("en")}`];
  });
}

/** @param {Record<string, Size>} rows */
export function table(rows) {
  const width = Math.max(...Object.keys(rows).map((name) => name.length));
  /** @param {string} name @param {readonly (string | number)[]} cells */
  const line = (name, cells) =>
    name.padEnd(width) + cells.map((cell) => cell.toLocaleString("en").padStart(10)).join("");
  return [
    line("bytes", ["raw", "gzip -9", "brotli"]),
    ...Object.entries(rows).map(([name, { raw, gzip, brotli }]) => line(name, [raw, gzip, brotli])),
  ].join("\n");
}
