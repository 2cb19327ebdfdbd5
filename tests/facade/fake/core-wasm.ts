import { gzipSync } from "node:zlib";

/** A custom section. */
const section = (name: string, content = "") => [
  ...[0, name.length + content.length + 1, name.length],
  ...Buffer.from(name + content),
];

/** What the wasm of the tests' package says of itself (vitest.config.ts). */
const OWN = { version: "0.0.0", hash: "tests" };

/** Magic number and version, the names of the protocols that the loader looks for, and what is said of the build; "" for nothing. */
export const emptyModule = (protocols: readonly string[], build: object | string = OWN) =>
  Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...protocols.flatMap((protocol) => section(protocol)),
    ...(build ? section("jobwire", typeof build === "string" ? build : JSON.stringify(build)) : []),
  ]);
export const EMPTY_MODULE = emptyModule(["stream", "broadcast", "socket.io"]);

export default gzipSync(EMPTY_MODULE).toString("base64");
