/** From the facade and the core to the npm package, in pkg/. */
import {
  copyFileSync,
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
import { hashOf, isFresh, markFresh } from "./stamp.mjs";

const source = join(root, "pkg-template", "src");

/** What apps import, and where it is written. @type {Readonly<Record<string, string>>} */
const ENTRIES = {
  index: join(source, "index.ts"),
  react: join(source, "react", "index.ts"),
  svelte: join(source, "svelte", "index.ts"),
  testing: join(source, "testing", "index.ts"),
};
const BROWSERS = "es2022";

/** What of the cores is loaded on first use: their glue, each wasm as text, the worker. In the package each is a file. */
const LAZY = /(?:^|\/)(core(?:-wasm|-broadcast-wasm|-socketio-wasm|-worker)?\.js)$/;

/**
 * Keeps the lazy files, and the facade as seen from the wrappers, as files of their own.
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
    entryPoints: ENTRIES,
    outdir: made,
    format: "esm",
    splitting: true,
    sourcemap: true,
    chunkNames: "[name]-[hash]",
    packages: "external",
    plugins: [separateFiles],
  });
  const worker = await esbuild.build({
    ...common,
    entryPoints: [join(source, "runtime", "worker-entry.ts")],
    write: false,
    format: "iife",
    // It is text in a module: no app's bundler minifies it.
    minify: true,
    plugins: [bundledGlue],
  });
  const text = worker.outputFiles[0]?.text.trim() ?? "";
  writeFileSync(join(made, "core-worker.js"), `export default ${JSON.stringify(text)};\n`);
  refuseLookbehind(made);
}

/**
 * One declaration file for each entry: what is internal is not published. The others know the client's types from
 * `index.d.ts`, as their code does.
 * @param {string} made
 */
async function declareTypes(made) {
  const [{ rollup }, { dts }] = await Promise.all([import("rollup"), import("rollup-plugin-dts")]);
  for (const [name, input] of Object.entries(ENTRIES)) {
    const bundled = await rollup({
      input,
      plugins: [dts({ tsconfig: join(root, "tsconfig.build.json") })],
      external: (id, importer) =>
        /^(?:react|svelte)(?:\/|$)/.test(id) ||
        (importer === input && name !== "index" && id === "../index.js"),
      onwarn(warning) {
        throw new Error(`The types of ${name} cannot be bundled: ${warning.message}`);
      },
    });
    await bundled.write({
      file: join(made, `${name}.d.ts`),
      format: "es",
      paths: (id) => (id.endsWith("/index.js") ? "./index.js" : id),
    });
    await bundled.close();
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
  if (!existsSync(ENTRIES["index"] ?? "")) {
    throw new Error("pkg-template/src/index.ts is missing: the package has no facade to build.");
  }
  const made = join(targetDir, "pkg.new");
  rmSync(made, { recursive: true, force: true });
  mkdirSync(made, { recursive: true });
  say("esbuild");
  await bundle(made);
  say("declarations");
  await declareTypes(made);
  for (const name of readdirSync(coreDir)) {
    if (/\.(wasm|js)$/.test(name)) copyFileSync(join(coreDir, name), join(made, name));
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
