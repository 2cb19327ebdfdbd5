/** Base64 of the gzipped wasm. */
declare const text: string;
export default text;
