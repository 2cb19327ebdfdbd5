/** Read access to a file. Synchronous: it runs in a worker thread that has nothing else to do. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";

const CHUNK = 1024 * 1024;

export class Source {
  #fd;
  size;

  /** @param {string} path */
  constructor(path) {
    this.#fd = openSync(path, "r");
    this.size = fstatSync(this.#fd).size;
  }

  /**
   * @param {number} offset
   * @param {number} length
   * @returns {Buffer} shorter than asked for at the end of the file, empty beyond it
   */
  read(offset, length) {
    const wanted = Math.max(0, Math.min(length, this.size - offset));
    const buffer = Buffer.alloc(wanted);
    let filled = 0;
    while (filled < wanted) {
      const count = readSync(this.#fd, buffer, filled, wanted - filled, offset + filled);
      if (count === 0) break;
      filled += count;
    }
    return buffer.subarray(0, filled);
  }

  /**
   * @param {(fraction: number) => void} report called after each chunk
   * @param {number} [from]
   * @param {number} [to]
   */
  *chunks(report, from = 0, to = this.size) {
    for (let offset = from; offset < to; offset += CHUNK) {
      yield this.read(offset, Math.min(CHUNK, to - offset));
      report(Math.min(1, (offset + CHUNK - from) / (to - from)));
    }
  }

  close() {
    closeSync(this.#fd);
  }
}
