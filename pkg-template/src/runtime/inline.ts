/** Compiles the wasm that is inside the package. A chunk of its own: pages with the option `wasm` do not need it. */

/** Newer browsers decode several times faster than a page can. */
const { fromBase64 } = Uint8Array as { fromBase64?: (text: string) => Uint8Array<ArrayBuffer> };

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  if (fromBase64) return fromBase64.call(Uint8Array, base64);
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let place = 0; place < bytes.length; place++) bytes[place] = text.charCodeAt(place);
  return bytes;
}

/** Inflates and compiles beside the page's own work. `Blob.stream()` would be shorter; jsdom has none. */
export async function compileInline(base64: string): Promise<WebAssembly.Module> {
  const { body } = new Response(bytesOf(base64));
  if (!body) throw new Error("this browser cannot stream bytes.");
  const wasm = new Response(body.pipeThrough(new DecompressionStream("gzip")));
  return WebAssembly.compile(await wasm.arrayBuffer());
}
