/** Bundles the pages of benches/pages and serves them beside the package. */
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { build } from "esbuild";
import { pkgDir, root, targetDir } from "../../scripts/lib/paths.mjs";
import { servePages } from "../../tests/e2e/support/pages.mjs";

const PAGES = ["micro", "sockets", "bulk", "ends", "start"];

/** The package is loaded as its files are; only the pages, and zod in them, are bundled. @type {import("esbuild").Plugin} */
const packageAsIs = {
  name: "package-as-is",
  setup(build) {
    build.onResolve({ filter: /^jobwire$/ }, () => ({ path: "/pkg/index.js", external: true }));
  },
};

/** @param {{ pkg?: string }} [options] another build of the package */
export async function serveSite({ pkg = pkgDir } = {}) {
  const made = join(targetDir, "bench");
  mkdirSync(made, { recursive: true });
  await build({
    entryPoints: PAGES.map((name) => join(root, "benches", "pages", `${name}.mjs`)),
    outdir: made,
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: true,
    define: { "process.env.NODE_ENV": '"production"' },
    logLevel: "warning",
    plugins: [packageAsIs],
  });
  for (const name of PAGES) {
    writeFileSync(
      join(made, `${name}.html`),
      `<!doctype html><title>${basename(name)}</title><script type="module" src="/${name}.js"></script>\n`,
    );
  }
  return servePages({ pages: made, pkg });
}
