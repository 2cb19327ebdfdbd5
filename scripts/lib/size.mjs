/** The files that a page downloads for the package, as an app's bundler makes them: minified, in chunks. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { BUILDS } from "./build-core.mjs";
import { pkgDir, root, targetDir } from "./paths.mjs";

/** Bytes in brotli, as a CDN serves them, that a page may download for the package, by protocol. */
export const BUDGETS = { stream: "52 kB", broadcast: "57 kB", "socket.io": "68 kB" };

/** Where the minified files are. */
const folder = join(targetDir, "size");

/** What only one protocol's pages load of the facade. @type {Readonly<Record<string, readonly string[]>>} */
const PARTS = { stream: [], broadcast: ["broadcast"], "socket.io": ["socketio"] };

/** @typedef {{ name: string, files: string[], budget?: string }} Page what it downloads; its budget in brotli */

/**
 * The files of each kind of page: with the wasm as a file (the option `wasm`), or inside the package; the core in the page
 * or in a worker.
 * @returns {Promise<Page[]>}
 */
export async function pages() {
  const { build } = await import("esbuild");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const { metafile, outputFiles } = await build({
    entryPoints: [join(pkgDir, "index.js")],
    bundle: true,
    minify: true,
    splitting: true,
    format: "esm",
    target: "es2022",
    outdir: folder,
    metafile: true,
    write: false,
    absWorkingDir: root,
    // The source maps of the package are not downloaded.
    logLevel: "error",
  });
  for (const { path, contents } of outputFiles) writeFileSync(path, contents);

  /** @type {Map<string, string>} the chunk that holds a file of the package */
  const chunkOf = new Map();
  for (const [path, { entryPoint }] of Object.entries(metafile.outputs)) {
    const name = entryPoint && basename(entryPoint).replace(/-[0-9A-Z]{8}\.js$|\.js$/, "");
    if (name) chunkOf.set(name, path);
  }
  /** @param {readonly string[]} names files that a page loads, with all that they import */
  const closure = (names) => {
    /** @type {Set<string>} */
    const found = new Set();
    /** @param {string | undefined} path */
    const add = (path) => {
      if (!path || found.has(path)) return;
      found.add(path);
      for (const { path: next, kind } of metafile.outputs[path]?.imports ?? [])
        if (kind === "import-statement") add(next);
    };
    for (const name of names) {
      if (!chunkOf.has(name)) throw new Error(`The package has no ${name}.js.`);
      add(chunkOf.get(name));
    }
    return [...found].map((path) => join(root, path));
  };
  return BUILDS.flatMap(({ name, protocol }) => {
    const facade = ["index", ...(PARTS[protocol] ?? [])];
    const wasm = join(pkgDir, `${name}.wasm`);
    const budget = BUDGETS[/** @type {keyof typeof BUDGETS} */ (protocol)];
    const page = closure([...facade, "page-core", "core"]);
    const worker = closure([...facade, "worker-host", "core-worker"]);
    const inline = closure([`${name}-wasm`, "inline"]);
    return [
      { name: `${protocol}, in the page`, files: [...page, wasm], budget },
      { name: `${protocol}, in a worker`, files: [...worker, wasm], budget },
      { name: `${protocol}, in the page, wasm inside`, files: [...page, ...inline] },
      { name: `${protocol}, in a worker, wasm inside`, files: [...worker, ...inline] },
    ];
  });
}

/** @typedef {{ raw: number, gzip: number, brotli: number }} Size */

/**
 * What files weigh, each compressed on its own, as a server sends them.
 * @param {readonly string[]} files
 * @returns {Size}
 */
export function weigh(files) {
  const total = { raw: 0, gzip: 0, brotli: 0 };
  for (const file of files) {
    const bytes = readFileSync(file);
    total.raw += bytes.byteLength;
    total.gzip += gzipSync(bytes, { level: 9 }).byteLength;
    total.brotli += brotliCompressSync(bytes).byteLength;
  }
  return total;
}

/** @param {Readonly<Record<string, Size>>} rows */
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
