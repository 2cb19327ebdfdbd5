/**
 * Runs code of the app, unless all is over: what it throws disturbs nobody, and is seen where uncaught errors are seen.
 */
export type Guard = (run: () => void) => void;

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
