/**
 * The files that a server keeps on disk: what was uploaded, and what is made of it. It bounds how many are received at
 * the same time, how large each is, and how large all are together.
 */
import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { HttpError } from "./responses.mjs";
import { TemporaryFolder } from "./temporary.mjs";

/**
 * @typedef {object} UploadLimits
 * @property {number} maxUploadBytes of one upload
 * @property {number} maxUploads received at the same time
 * @property {number} maxStoredBytes of all files together
 */
/** @typedef {{ path: string, size: number, remove: () => void }} StoredFile `remove` may be called more than once */
/** Removes something that is no longer needed; whether there was anything. @typedef {() => boolean} Evict */

const RETRY_SOON = { "Retry-After": "5" };

/** @param {number} bytes */
function readable(bytes) {
  return bytes % 1024 ** 3 === 0 ? `${bytes / 1024 ** 3} GiB` : `${bytes} bytes`;
}

/** @param {number} maxBytes */
const tooLarge = (maxBytes) =>
  new HttpError(
    413,
    `The file is larger than ${readable(maxBytes)}, the most this server takes; send a smaller one.`,
    { Connection: "close" },
  );

export class UploadFolder {
  #folder = new TemporaryFolder();
  #limits;
  /** Bytes that each file takes, or may come to take. @type {Map<string, number>} */
  #sizes = new Map();
  #stored = 0;
  #receiving = 0;
  /** @type {Evict[]} */
  #evictions = [];

  /** @param {UploadLimits} limits */
  constructor(limits) {
    this.#limits = limits;
  }

  /** Bytes of all files. */
  get stored() {
    return this.#stored;
  }

  /** Called while there is no room for a file; the first that makes some is enough. @param {Evict} evict */
  whenFull(evict) {
    this.#evictions.push(evict);
  }

  /**
   * Takes one of the places for uploads; throws 429 where none is left.
   * @returns {() => void} gives it back, more than once without harm
   */
  begin() {
    if (this.#receiving >= this.#limits.maxUploads) {
      throw new HttpError(
        429,
        "Too many uploads arrive at the same time; try again in a few seconds.",
        RETRY_SOON,
      );
    }
    this.#receiving += 1;
    let given = false;
    return () => {
      if (!given) this.#receiving -= 1;
      given = true;
    };
  }

  /**
   * Stores the body of a request.
   * @param {import("node:http").IncomingMessage} request
   * @returns {Promise<StoredFile>}
   */
  async receive(request) {
    const end = this.begin();
    try {
      this.checkLength(request);
      // Given the request itself, pipeline would destroy it on failure, and with it the way to answer.
      return await this.store(request.iterator({ destroyOnReturn: false }));
    } finally {
      end();
    }
  }

  /**
   * Throws 413 where a request says that its body is larger than an upload may be.
   * @param {import("node:http").IncomingMessage} request
   * @param {number} [around] bytes that come with the file
   */
  checkLength(request, around = 0) {
    this.checkSize(Number(request.headers["content-length"] ?? 0) - around);
  }

  /** Throws 413 where an upload is too large. @param {number} bytes */
  checkSize(bytes) {
    if (bytes > this.#limits.maxUploadBytes) throw tooLarge(this.#limits.maxUploadBytes);
  }

  /**
   * Writes what comes to a file of its own; nothing is left of it when that fails.
   * @param {AsyncIterable<Buffer>} body
   * @param {number} [maxBytes] of this file, where it is less than an upload may have
   * @returns {Promise<StoredFile>}
   */
  async store(body, maxBytes = Infinity) {
    const most = Math.min(maxBytes, this.#limits.maxUploadBytes);
    const path = this.newPath();
    const remove = () => this.remove(path);
    let size = 0;
    /** @type {HttpError | undefined} */
    let refusal;
    const meter = new Transform({
      transform: (chunk, _encoding, done) => {
        size += chunk.length;
        refusal = size > most ? tooLarge(most) : this.#claim(path, chunk.length);
        done(refusal ?? null, chunk);
      },
    });
    // Opened first: a stream that fails while it opens its file would make it after it has been removed.
    const file = await open(path, "wx");
    try {
      await pipeline(body, meter, file.createWriteStream());
    } catch (error) {
      remove();
      throw refusal ?? error;
    }
    return { path, size, remove };
  }

  newPath() {
    return join(this.#folder.path, randomUUID());
  }

  /**
   * Sets room aside for a file that something else writes; throws 503 where there is none.
   * @param {string} path
   * @param {number} bytes
   */
  reserve(path, bytes) {
    const refusal = this.#claim(path, bytes);
    if (refusal) throw refusal;
  }

  /** Deletes a file and gives back its room. @param {string} path */
  remove(path) {
    rmSync(path, { force: true });
    this.#stored -= this.#sizes.get(path) ?? 0;
    this.#sizes.delete(path);
  }

  close() {
    this.#folder.close();
  }

  /**
   * @param {string} path
   * @param {number} bytes more than it has
   * @returns {HttpError | undefined} why it gets none
   */
  #claim(path, bytes) {
    while (this.#stored + bytes > this.#limits.maxStoredBytes) {
      if (this.#evictions.some((evict) => evict())) continue;
      return new HttpError(503, "The server has no room for more files; try again later.", RETRY_SOON);
    }
    this.#stored += bytes;
    this.#sizes.set(path, (this.#sizes.get(path) ?? 0) + bytes);
    return undefined;
  }
}
