/** Runs code of the app: what it throws disturbs nobody, and is seen where uncaught errors are seen. */
export type Guard = (run: () => void) => void;

export function createGuard(log: (error: unknown) => void): Guard {
  return (run) => {
    try {
      run();
    } catch (error) {
      log(error);
      if (typeof reportError === "function") reportError(error);
      else
        queueMicrotask(() => {
          throw error;
        });
    }
  };
}
