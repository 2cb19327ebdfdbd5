import js from "@eslint/js";
import reactHooks from "eslint-plugin-react-hooks";
import globals from "globals";
import ts from "typescript-eslint";

/** A file is about one thing. */
const MAX_LINES = 400;

/** More arguments than these are an object with names. */
const MAX_PARAMS = 4;

/** Longer files. Each is to be split by topic; then its line here goes. New files do not come here. */
const LONG_FILES = [
  "tests/e2e/images.test.mjs",
  "tests/e2e/playlists.test.mjs",
  "tests/e2e/tabs.test.mjs",
  "tests/facade/channels/channels.test.ts",
  "tests/facade/client/client.test.ts",
  "tests/facade/runtime/dead-core.test.ts",
  "tests/facade/tabs/forged.test.ts",
  "tests/facade/tabs/tabs.test.ts",
];

export default ts.config(
  { ignores: ["target/", "pkg/", "**/dist/", "**/node_modules/", "**/.venv/", "fuzz/"] },
  js.configs.recommended,
  {
    files: ["**/*.{js,cjs,mjs}"],
    languageOptions: { globals: { ...globals.node, ...globals.browser } },
  },
  {
    files: ["pkg-template/**/*.{ts,tsx}", "examples/**/*.{ts,tsx}", "tests/facade/**/*.{ts,tsx}"],
    extends: [ts.configs.strict],
    languageOptions: { globals: globals.browser },
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
    },
  },
  {
    files: ["pkg-template/src/react/index.ts", "pkg-template/src/react/**", "examples/react/**/*.{ts,tsx}"],
    plugins: { "react-hooks": reactHooks },
    rules: {
      "react-hooks/rules-of-hooks": "error",
      "react-hooks/exhaustive-deps": "error",
    },
  },
  {
    rules: {
      eqeqeq: "error",
      "no-var": "error",
      "prefer-const": "error",
      "no-unused-vars": "off",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", caughtErrors: "none" }],
    },
    plugins: { "@typescript-eslint": ts.plugin },
  },
  {
    ignores: ["**/generated.ts", ...LONG_FILES],
    rules: { "max-lines": ["error", MAX_LINES] },
  },
  {
    files: ["pkg-template/src/**/*.{ts,tsx}"],
    rules: { "max-params": ["error", MAX_PARAMS] },
  },
);
