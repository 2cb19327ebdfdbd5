/** Base64 of the packed wasm (lzma.ts). */
declare const text: string;
export default text;
