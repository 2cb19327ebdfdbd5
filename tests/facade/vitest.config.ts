import { fileURLToPath } from "node:url";
import { compile } from "svelte/compiler";
import { defineConfig } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here("."),
  plugins: [
    {
      name: "svelte-fixtures",
      transform(code, id) {
        return id.endsWith(".svelte") ? compile(code, { filename: id, generate: "client" }).js : undefined;
      },
    },
  ],
  define: { JOBWIRE_VERSION: '"0.0.0"', JOBWIRE_BUILD: '"tests"' },
  resolve: {
    // The facade is tested against a core that says what the test wants; the real one has tests of its own.
    alias: [
      { find: /^\.\/core\.js$/, replacement: here("fake/core.ts") },
      { find: /^\.\/core(-broadcast|-socketio)?-wasm\.js$/, replacement: here("fake/core-wasm.ts") },
      { find: /^\.\/core-worker\.js$/, replacement: here("fake/core-worker.ts") },
    ],
    // Svelte and its reactivity for the browser: the default in Node is the server build.
    conditions: ["browser"],
  },
  test: {
    environment: "jsdom",
    include: ["**/*.test.ts"],
    restoreMocks: true,
    unstubGlobals: true,
    testTimeout: 30_000,
  },
});
