/** Errors on their way to the app. */

/**
 * Runs code of the app, unless all is over: what it throws disturbs nobody, and is seen where uncaught errors are seen.
 */
export type Guard = (run: () => void) => void;

export const textOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** A promise that may be left unawaited. */
export const quietly = <V>(promise: Promise<V>): Promise<V> => {
  promise.catch(() => {});
  return promise;
};
export const rejected = (error: unknown) => quietly(Promise.reject<never>(error));

export function createGuard(isOver: () => boolean, log?: (error: unknown) => void): Guard {
  return (run) => {
    if (isOver()) return;
    try {
      run();
    } catch (error) {
      log?.(error);
      if (typeof reportError === "function") reportError(error);
      else
        queueMicrotask(() => {
          throw error;
        });
    }
  };
}
