/** Packs the wasm for the download: a length in four bytes, and LZMA. */
export function pack(bytes: Uint8Array): Buffer;
