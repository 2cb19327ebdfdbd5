import { pack } from "../../../scripts/lib/pack.mjs";

/** An empty custom section. */
const section = (name: string) => [0, name.length + 1, name.length, ...Buffer.from(name)];

/** Magic number and version, and the names of the protocols that the loader looks for. */
export const emptyModule = (...protocols: string[]) =>
  Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...protocols.flatMap(section)]);
export const EMPTY_MODULE = emptyModule("stream", "broadcast", "socket.io");

export default pack(EMPTY_MODULE).toString("base64");
