/** Keeps a logger from being called for each of very many events: the same rate as the core's own entries have. */

/** Entries in a row, and a second from then on. */
const BURST = 50;
const A_SECOND = 10;

/** Says of each entry whether it is logged: how many before it were left out, or `undefined` where it is, too. */
export function createLogRate(): () => number | undefined {
  let left = BURST;
  let hushed = 0;
  let last = performance.now();
  return () => {
    const now = performance.now();
    left = Math.min(BURST, left + ((now - last) * A_SECOND) / 1000);
    last = now;
    if (left < 1) {
      hushed++;
      return undefined;
    }
    left--;
    const before = hushed;
    hushed = 0;
    return before;
  };
}
