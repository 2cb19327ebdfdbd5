/** One direction of a proxied connection: forwards what it is given, in order, after the latency of the moment. */
export class Lane {
  #to;
  #latency;
  /** @type {{ at: number, chunk: Buffer | null }[]} a null chunk is the end */
  #waiting = [];
  /** @type {NodeJS.Timeout | undefined} */
  #timer;

  /**
   * @param {import("node:net").Socket} to
   * @param {() => number} latency ms
   */
  constructor(to, latency) {
    this.#to = to;
    this.#latency = latency;
    to.once("close", () => this.stop());
  }

  /** @param {Buffer | null} chunk null ends the direction */
  push(chunk) {
    const previous = this.#waiting.at(-1)?.at ?? 0;
    const at = Math.max(previous, performance.now() + this.#latency());
    if (this.#waiting.length === 0 && this.#latency() === 0) {
      this.#forward(chunk);
      return;
    }
    this.#waiting.push({ at, chunk });
    if (this.#waiting.length === 1) this.#schedule();
  }

  /** Forgets what still waits. */
  stop() {
    clearTimeout(this.#timer);
    this.#waiting = [];
  }

  #schedule() {
    const [next] = this.#waiting;
    if (next) this.#timer = setTimeout(() => this.#release(), Math.max(0, next.at - performance.now()));
  }

  #release() {
    const next = this.#waiting.shift();
    if (next) this.#forward(next.chunk);
    this.#schedule();
  }

  /** @param {Buffer | null} chunk */
  #forward(chunk) {
    if (this.#to.destroyed || this.#to.writableEnded) return;
    if (chunk === null) this.#to.end();
    else this.#to.write(chunk);
  }
}
