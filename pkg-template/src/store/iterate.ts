/**
 * An async iterator over a buffer that somebody else fills. `open` starts the filling at once, not at the first
 * `next()`, and gives the undo; after `wake` the buffer is looked at, after `end` the iteration is over.
 */
export function iterate<T>(
  buffer: { readonly length: number; shift(): T | undefined },
  open: (wake: () => void, end: (error?: unknown) => void) => () => void,
  isLast: (value: T) => boolean = () => false,
): AsyncGenerator<T, void, undefined> {
  let wake = () => {};
  let ended = false;
  let failure: unknown;
  const end = (error?: unknown) => {
    ended = true;
    failure = error;
    wake();
  };
  const stop = open(() => wake(), end);
  const values = (async function* () {
    try {
      while (!ended) {
        if (buffer.length) {
          const value = buffer.shift() as T;
          yield value;
          if (isLast(value)) return;
        } else {
          await new Promise<void>((resolve) => (wake = resolve));
        }
      }
      if (failure) throw failure;
    } finally {
      stop();
    }
  })();
  const leave = values.return.bind(values);
  // A generator that waits, or has not begun, would not hear of it.
  values.return = (value) => {
    stop();
    end();
    return leave(value);
  };
  return values;
}
