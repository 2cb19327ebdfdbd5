import { pack } from "../../../scripts/lib/pack.mjs";

/** The smallest module there is: magic number and version. */
export const EMPTY_MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

export default pack(EMPTY_MODULE).toString("base64");
