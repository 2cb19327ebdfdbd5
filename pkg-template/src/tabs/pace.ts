/** Keeps messages of other scripts from having a page do something more often than it helps. */

/** How often something is done at most, and in which time, ms. */
const MOST = 32;
const WINDOW = 250;

/**
 * What asks for `run`: one call of it at a time, and so many in a window. What is asked for beyond that is done once,
 * later. `run` must not reject.
 */
export function paced(run: () => Promise<void>): () => void {
  let left = MOST;
  let windowEnds = -Infinity;
  let isRunning = false;
  let isWanted = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function step(): void {
    if (isRunning || !isWanted) return;
    const now = performance.now();
    if (now >= windowEnds) {
      windowEnds = now + WINDOW;
      left = MOST;
    }
    if (left <= 0) {
      timer ??= setTimeout(() => {
        timer = undefined;
        step();
      }, windowEnds - now);
      return;
    }
    left--;
    isWanted = false;
    isRunning = true;
    void run().then(() => {
      isRunning = false;
      step();
    });
  }

  return () => {
    isWanted = true;
    step();
  };
}
