import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const server = process.env["JOBWIRE_SERVER"] ?? "http://127.0.0.1:8787";

export default defineConfig({
  base: "./",
  esbuild: { jsx: "automatic" },
  resolve: {
    // The package as it was just built, and as an app would have it installed.
    alias: [
      { find: /^jobwire\/react$/, replacement: here("../../pkg/react.js") },
      { find: /^jobwire$/, replacement: here("../../pkg/index.js") },
    ],
  },
  build: {
    target: "es2022",
    rollupOptions: {
      input: ["index", "karaoke", "images", "songs", "playlists", "bench"].map((page) =>
        here(`${page}.html`),
      ),
      // "use client" tells servers of components something; here there are none.
      onwarn: (warning, warn) => warning.code !== "MODULE_LEVEL_DIRECTIVE" && warn(warning),
    },
  },
  server: {
    proxy: {
      "/api": { target: server, ws: true },
      "/ws": { target: server, ws: true },
      "/socket.io": { target: server, ws: true },
    },
    fs: { allow: [here("../..")] },
  },
});
