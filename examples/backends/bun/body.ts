/** Reads the bodies of requests, each within bounds of size and time. */
import { HttpError } from "../../server/responses.mjs";

export interface BodyLimits {
  readonly maxBytes: number;
  /** How long a client may send nothing. */
  readonly idleMs: number;
  /** How long the whole body may take. */
  readonly totalMs: number;
}

const tooSlow = () => new HttpError(408, "The body took too long. Send it again.");

/** Bytes that the client says it will send, where it says so. */
export function promisedBytes({ headers }: Request): number | undefined {
  const text = headers.get("content-length");
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function tooLarge(maxBytes: number): HttpError {
  return new HttpError(413, `The body is larger than ${maxBytes} bytes. Send less at once.`);
}

export async function readBody(request: Request, limits: BodyLimits): Promise<Buffer> {
  const { maxBytes, idleMs, totalMs } = limits;
  if ((promisedBytes(request) ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const reader = request.body?.getReader();
  if (!reader) return Buffer.alloc(0);
  const ends = performance.now() + totalMs;
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      const part = await within(reader.read(), Math.min(idleMs, ends - performance.now()));
      if (part.done) return Buffer.concat(parts);
      size += part.value.length;
      if (size > maxBytes) throw tooLarge(maxBytes);
      parts.push(part.value);
    }
  } catch (error) {
    // The rest is not wanted; that it cannot be told to a client that is gone does not matter.
    void reader.cancel().catch(() => {});
    throw error instanceof HttpError ? error : new HttpError(400, "The body could not be read to its end.");
  }
}

async function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(tooSlow()), Math.max(0, ms));
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

export async function readJson(request: Request, limits: BodyLimits): Promise<unknown> {
  const body = await readBody(request, limits);
  try {
    return JSON.parse(body.toString("utf8"));
  } catch (error) {
    throw new HttpError(400, `The body is not JSON: ${error instanceof Error ? error.message : error}.`);
  }
}
