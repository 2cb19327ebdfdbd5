/**
 * An async iterator over a buffer that somebody else fills. `open` starts the filling at once, not at the first
 * `next()`, and gives the undo; after `wake` the buffer is looked at, after `end` the iteration is over.
 */
export function iterate<T>(
  buffer: T[],
  open: (wake: () => void, end: (error?: unknown) => void) => () => void,
  isLast: (value: T) => boolean = () => false,
): AsyncGenerator<T, void, undefined> {
  let wake = () => {};
  let ended = false;
  let failure: unknown;
  const stop = open(
    () => wake(),
    (error) => {
      ended = true;
      failure = error;
      wake();
    },
  );
  return (async function* () {
    try {
      for (;;) {
        if (ended) {
          if (failure) throw failure;
          return;
        }
        if (buffer.length) {
          const value = buffer.shift() as T;
          yield value;
          if (isLast(value)) return;
        } else {
          await new Promise<void>((resolve) => (wake = resolve));
        }
      }
    } finally {
      stop();
    }
  })();
}
