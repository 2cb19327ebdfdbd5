/** How often each byte value occurs, and the Shannon entropy that follows from it. */
export class ByteStatistics {
  counts = new Float64Array(256);
  total = 0;

  /** @param {Uint8Array} bytes */
  add(bytes) {
    const { counts } = this;
    for (let index = 0; index < bytes.length; index += 1) {
      const value = /** @type {number} */ (bytes[index]);
      counts[value] = /** @type {number} */ (counts[value]) + 1;
    }
    this.total += bytes.length;
  }

  get distinct() {
    return this.counts.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
  }

  /** Bits per byte, 0–8, to three places. */
  get entropy() {
    let bits = 0;
    for (const count of this.counts)
      if (count > 0) bits -= (count / this.total) * Math.log2(count / this.total);
    return Math.round(bits * 1000) / 1000;
  }
}
