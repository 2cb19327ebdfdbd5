/** From the facade and the core to the npm package, in pkg/. */
import {
  copyFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { coreDir, pkgDir, root, targetDir } from "./paths.mjs";
import { capture } from "./run.mjs";
import { hashOf, isFresh, markFresh } from "./stamp.mjs";
import { npmBin } from "./tools.mjs";

const source = join(root, "pkg-template", "src");
const ENTRIES = ["index", "react", "svelte", "testing"];
const BROWSERS = "es2022";

/** The chunks the facade loads on first use; in the package they lie beside it. */
const LAZY = /(?:^|\/)(core(?:-wasm|-broadcast-wasm|-socketio-wasm|-worker)?\.js)$/;

/**
 * Keeps the lazy chunks, and the facade as seen from the wrappers, as files of their own.
 * @type {import("esbuild").Plugin}
 */
const separateFiles = {
  name: "separate-files",
  setup(build) {
    build.onResolve({ filter: /^\.{1,2}\// }, ({ path, resolveDir, kind }) => {
      if (kind === "entry-point") return undefined;
      const lazy = LAZY.exec(path)?.[1];
      if (lazy) return { path: `./${lazy}`, external: true };
      const target = resolve(resolveDir, path).replace(/\.(js|ts)$/, "");
      if (target === join(source, "index")) return { path: "./index.js", external: true };
      return undefined;
    });
  },
};

/** In the worker there is one file only, so the glue is bundled. @type {import("esbuild").Plugin} */
const bundledGlue = {
  name: "bundled-glue",
  setup(build) {
    build.onResolve({ filter: /(?:^|\/)core\.js$/ }, () => ({ path: join(coreDir, "core.js") }));
  },
};

/** What older browsers cannot even parse must not be in what an app bundles. @param {string} made */
function refuseLookbehind(made) {
  for (const name of readdirSync(made)) {
    if (name.endsWith(".js") && /\(\?<[=!]/.test(readFileSync(join(made, name), "utf8")))
      throw new Error(`${name} has a regular expression with lookbehind: Safari before 16.4 parses none.`);
  }
}

/** A text as a literal: scripts have double quotes in them, and hardly a single one. @param {string} text */
const quoted = (text) => `'${text.replace(/[\\']/g, "\\$&").replaceAll("\n", "\\n")}'`;

/** @param {string} made */
async function bundle(made) {
  const esbuild = await import("esbuild");
  // What every wasm of this build says about itself.
  const build = JSON.parse(readFileSync(join(coreDir, "build.json"), "utf8"));
  /** @type {import("esbuild").BuildOptions} */
  const common = {
    bundle: true,
    target: BROWSERS,
    legalComments: "none",
    logLevel: "warning",
    absWorkingDir: root,
    define: { JOBWIRE_VERSION: JSON.stringify(build.version), JOBWIRE_BUILD: JSON.stringify(build.hash) },
  };
  await esbuild.build({
    ...common,
    entryPoints: ENTRIES.map((name) => join(source, `${name}.ts`)),
    outdir: made,
    format: "esm",
    splitting: true,
    // Has constants stand where they are used.
    minifySyntax: true,
    // By the name of what is in it: the sizes are told apart by it.
    chunkNames: "[name]-[hash]",
    packages: "external",
    plugins: [separateFiles],
  });
  const worker = await esbuild.build({
    ...common,
    entryPoints: [join(source, "worker-entry.ts")],
    write: false,
    format: "iife",
    minify: true,
    plugins: [bundledGlue],
  });
  const text = worker.outputFiles[0]?.text ?? "";
  writeFileSync(join(made, "core-worker.js"), `export default ${quoted(text.trim())};\n`);
  const glue = readFileSync(join(coreDir, "core.js"), "utf8");
  const { code } = await esbuild.transform(glue, {
    minify: true,
    target: BROWSERS,
    format: "esm",
    legalComments: "none",
  });
  writeFileSync(join(made, "core.js"), code);
  refuseLookbehind(made);
}

/** @param {string} made */
function declareTypes(made) {
  const types = join(targetDir, "types");
  rmSync(types, { recursive: true, force: true });
  const tsc = capture(npmBin("tsc"), ["-p", "tsconfig.build.json"], { cwd: root });
  if (!tsc.ok) throw new Error(`The facade's types do not compile.\n${tsc.out}${tsc.err}`);
  rmSync(join(types, "worker-entry.d.ts"), { force: true });
  cpSync(types, made, { recursive: true });
  for (const name of readdirSync(source, { recursive: true, encoding: "utf8" })) {
    if (name.endsWith(".d.ts") && !existsSync(join(made, name))) cpSync(join(source, name), join(made, name));
  }
}

/** Lets examples and tests import "jobwire" as an installed package. */
function link() {
  const place = join(root, "node_modules", "jobwire");
  const wanted = join("..", "pkg");
  const there = lstatSync(place, { throwIfNoEntry: false });
  if (there?.isSymbolicLink() && readlinkSync(place) === wanted) return;
  rmSync(place, { recursive: true, force: true });
  symlinkSync(wanted, place, "junction");
}

/**
 * @param {string} coreInputs hash of what the core is made of
 * @param {(text: string) => void} say
 * @returns {Promise<boolean>} whether anything had to be made
 */
export async function buildPackage(coreInputs, say) {
  const stamp = join(targetDir, "pkg.stamp");
  const inputs = hashOf(
    root,
    [
      ...["pkg-template", "package-lock.json", "README.md", "LICENSE-MIT", "LICENSE-APACHE", "tsconfig.json"],
      ...["tsconfig.facade.json", "tsconfig.build.json", "scripts/lib/build-package.mjs"],
    ].map((path) => join(root, path)),
    [coreInputs],
  );
  if (isFresh(stamp, inputs, [pkgDir])) {
    link();
    return false;
  }
  if (!existsSync(join(source, "index.ts"))) {
    throw new Error("pkg-template/src/index.ts is missing: the package has no facade to build.");
  }
  const made = join(targetDir, "pkg.new");
  rmSync(made, { recursive: true, force: true });
  mkdirSync(made, { recursive: true });
  say("esbuild");
  await bundle(made);
  say("tsc");
  declareTypes(made);
  for (const name of readdirSync(coreDir)) {
    if (/wasm/.test(name)) copyFileSync(join(coreDir, name), join(made, name));
  }
  for (const name of ["LICENSE-MIT", "LICENSE-APACHE"]) copyFileSync(join(root, name), join(made, name));
  copyFileSync(join(root, "pkg-template", "package.json"), join(made, "package.json"));
  copyFileSync(join(root, "README.md"), join(made, "README.md"));
  rmSync(pkgDir, { recursive: true, force: true });
  renameSync(made, pkgDir);
  link();
  markFresh(stamp, inputs, [pkgDir]);
  return true;
}
