/** Streams an uploaded body into a temporary file, within a size limit. */
import { randomUUID } from "node:crypto";
import { createWriteStream, rmSync } from "node:fs";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { HttpError } from "./responses.mjs";
import { TemporaryFolder } from "./temporary.mjs";

/** How long a refused upload is still read, so that the client gets to see the answer. */
const DRAIN_MS = 2_000;

/** @param {number} bytes */
function readable(bytes) {
  return bytes % 1024 ** 3 === 0 ? `${bytes / 1024 ** 3} GiB` : `${bytes} bytes`;
}

export class UploadFolder {
  #folder = new TemporaryFolder();
  #maxBytes;

  /** @param {number} maxBytes of one file */
  constructor(maxBytes) {
    this.#maxBytes = maxBytes;
  }

  get path() {
    return this.#folder.path;
  }

  /**
   * @param {import("node:http").IncomingMessage} request
   * @returns {Promise<{ path: string, size: number, remove: () => void }>}
   */
  async receive(request) {
    if (Number(request.headers["content-length"] ?? 0) > this.#maxBytes) throw this.#tooLarge(request);
    const path = join(this.path, randomUUID());
    const remove = () => rmSync(path, { force: true });
    let size = 0;
    let exceeded = false;
    const maxBytes = this.#maxBytes;
    const limit = new Transform({
      transform(chunk, _encoding, done) {
        size += chunk.length;
        exceeded = size > maxBytes;
        done(exceeded ? new Error("limit") : null, chunk);
      },
    });
    // Given the request itself, pipeline would destroy it on failure, and with it the way to answer.
    const body = request.iterator({ destroyOnReturn: false });
    try {
      await pipeline(body, limit, createWriteStream(path));
    } catch (error) {
      remove();
      if (exceeded) throw this.#tooLarge(request);
      throw error;
    }
    return { path, size, remove };
  }

  close() {
    this.#folder.close();
  }

  /** @param {import("node:http").IncomingMessage} request */
  #tooLarge(request) {
    request.resume();
    setTimeout(() => request.destroy(), DRAIN_MS).unref();
    return new HttpError(
      413,
      `The file is larger than ${readable(this.#maxBytes)}, the most this server takes; send a smaller one.`,
      { Connection: "close" },
    );
  }
}
