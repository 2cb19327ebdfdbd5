/** The apps, and the ways in which each is built and run. Nothing is configured but what goes in and what comes out. */
import { join } from "node:path";
import { Backend } from "../e2e/support/backend.mjs";
import { servePages } from "../e2e/support/pages.mjs";
import { environment, run } from "./lib/command.mjs";
import { followInPage } from "./lib/page.mjs";
import { followInNode } from "./lib/program.mjs";

/**
 * @typedef {object} Stage what a case is given
 * @property {string} folder of the installed app
 * @property {string} server URL of the embedded server
 * @property {string} tarball
 * @property {() => Promise<import("puppeteer-core").Browser>} chromium
 *
 * @typedef {{ bytes?: number, note?: string }} Outcome
 *
 * @typedef {object} Case
 * @property {string} name
 * @property {(stage: Stage) => Promise<Outcome | void>} run rejects when it failed
 *
 * @typedef {object} App
 * @property {string} name its folder in apps/
 * @property {readonly Case[]} cases run one after the other in the same folder
 */

/**
 * A program that the app has installed. A warning about the package is a failure.
 * @param {Stage} stage
 * @param {string} name
 * @param {readonly string[]} args
 */
async function tool({ folder }, name, args) {
  const printed = await run(join(folder, "node_modules", ".bin", name), args, { cwd: folder });
  if (/warning/i.test(printed) && printed.includes("node_modules/jobwire"))
    throw new Error(`${name} warns:\n${printed}`);
}

/**
 * The app as files: its own folder, or what was built in it.
 * @param {Stage} stage
 * @param {{ path?: string, root?: string, worker?: boolean, share?: boolean }} [options]
 */
async function files({ folder, server, chromium }, { path = "/index.html", root = "", ...options } = {}) {
  const pages = await servePages({ pages: join(folder, root) });
  try {
    return await followInPage(await chromium(), { url: pages.url + path, server, ...options });
  } finally {
    await pages.close();
  }
}

/**
 * The app behind a server of its bundler's or framework's: `serve.js`, which says "ready" and where.
 * @param {Stage} stage
 */
async function served({ folder, server, chromium }) {
  const args = () => [join(folder, "serve.js")];
  const app = await new Backend({ program: process.execPath, args, env: environment() }).start();
  try {
    return await followInPage(await chromium(), { url: `${app.url}/`, server });
  } finally {
    await app.stop();
  }
}

/** The wasm is exported as a file to fetch, not as a module, so there is no type of it to be found. */
const ATTW = [
  "--profile",
  "esm-only",
  "--exclude-entrypoints",
  "core.wasm",
  "core-broadcast.wasm",
  "core-socketio.wasm",
  "--no-emoji",
];

/** @type {readonly App[]} */
export const apps = [
  {
    name: "static",
    cases: [
      { name: "import map", run: (stage) => files(stage) },
      { name: "import map, worker", run: (stage) => files(stage, { worker: true }) },
      { name: "import map, two tabs", run: (stage) => files(stage, { share: true }) },
    ],
  },
  {
    name: "esbuild",
    cases: [
      {
        name: "ESM, splitting",
        run: async (stage) => {
          const args = ["--bundle", "--minify", "--format=esm", "--splitting", "--outdir=dist/esm"];
          await tool(stage, "esbuild", ["src/index.js", ...args]);
          return files(stage, { path: "/esm.html" });
        },
      },
      { name: "ESM, two tabs", run: (stage) => files(stage, { path: "/esm.html", share: true }) },
      {
        name: "IIFE",
        run: async (stage) => {
          const args = ["--bundle", "--minify", "--format=iife", "--outfile=dist/iife.js"];
          await tool(stage, "esbuild", ["src/index.js", ...args]);
          return files(stage, { path: "/iife.html" });
        },
      },
      { name: "IIFE, two tabs", run: (stage) => files(stage, { path: "/iife.html", share: true }) },
    ],
  },
  {
    name: "vite",
    cases: [
      {
        name: "development",
        run: async (stage) => {
          // What a development server sends is not compressed, nor is it what users get.
          await served(stage);
        },
      },
      {
        name: "build",
        run: async (stage) => {
          await tool(stage, "vite", ["build"]);
          return files(stage, { root: "dist" });
        },
      },
      { name: "build, worker", run: (stage) => files(stage, { root: "dist", worker: true }) },
      {
        name: "build, worker, two tabs",
        run: (stage) => files(stage, { root: "dist", worker: true, share: true }),
      },
    ],
  },
  {
    name: "webpack",
    cases: [
      {
        name: "production",
        run: async (stage) => {
          await tool(stage, "webpack", ["--mode", "production"]);
          return files(stage);
        },
      },
      { name: "production, two tabs", run: (stage) => files(stage, { share: true }) },
    ],
  },
  {
    name: "rollup",
    cases: [
      {
        name: "node-resolve",
        run: async (stage) => {
          const args = ["--dir", "dist", "--format", "es", "--plugin", "node-resolve"];
          await tool(stage, "rollup", ["src/index.js", ...args]);
          return files(stage);
        },
      },
      { name: "node-resolve, two tabs", run: (stage) => files(stage, { share: true }) },
    ],
  },
  {
    name: "parcel",
    cases: [
      {
        name: "build",
        run: async (stage) => {
          await tool(stage, "parcel", ["build", "index.html"]);
          return files(stage, { root: "dist" });
        },
      },
      { name: "build, two tabs", run: (stage) => files(stage, { root: "dist", share: true }) },
    ],
  },
  {
    name: "next",
    cases: [
      {
        name: "build, start",
        run: async (stage) => {
          await tool(stage, "next", ["build"]);
          return { ...(await served(stage)), note: "with React and Next" };
        },
      },
    ],
  },
  {
    name: "sveltekit",
    cases: [
      {
        name: "build, preview",
        run: async (stage) => {
          await tool(stage, "vite", ["build"]);
          return { ...(await served(stage)), note: "with Svelte and SvelteKit" };
        },
      },
    ],
  },
  {
    name: "node",
    cases: ["import.mjs", "require.cjs"].map((script) => ({
      name: script,
      run: ({ folder, server }) => followInNode(script, { cwd: folder, server }),
    })),
  },
  {
    name: "vitest",
    cases: ["node", "jsdom"].map((environment) => ({
      name: environment,
      run: (stage) => tool(stage, "vitest", ["run", "--environment", environment]),
    })),
  },
  {
    name: "checks",
    cases: [
      { name: "publint", run: (stage) => tool(stage, "publint", ["--strict", stage.tarball]) },
      {
        name: "attw, esm-only",
        run: (stage) => tool(stage, "attw", [stage.tarball, ...ATTW]),
      },
    ],
  },
];

/**
 * The apps of a comma-separated list, in the table's order.
 * @param {string | undefined} only
 */
export function selectApps(only) {
  if (only === undefined) return apps;
  const names = only.split(",").map((name) => name.trim());
  const unknown = names.filter((name) => !apps.some((app) => app.name === name));
  if (unknown.length > 0) {
    const known = apps.map((app) => app.name).join(", ");
    throw new Error(`There is no app "${unknown.join('", "')}": choose from ${known}.`);
  }
  return apps.filter((app) => names.includes(app.name));
}
