/** Pages of tests/e2e/pages with parts of examples/react in them: bundled, and served. */
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { pkgDir, targetDir } from "../../../scripts/lib/paths.mjs";
import { servePages } from "./pages.mjs";

const PAGES = fileURLToPath(new URL("../pages", import.meta.url));

/** @param {string} name of the folder in tests/e2e/pages */
export async function serveLab(name) {
  const [folder, built] = [join(PAGES, name), join(targetDir, `${name}-page`)];
  await build({
    entryPoints: [join(folder, "main.tsx")],
    outdir: built,
    bundle: true,
    format: "esm",
    splitting: true,
    jsx: "automatic",
    alias: { jobwire: join(pkgDir, "index.js"), "jobwire/react": join(pkgDir, "react.js") },
    logLevel: "warning",
  });
  await copyFile(join(folder, "index.html"), join(built, "index.html"));
  return servePages({ pages: built });
}
