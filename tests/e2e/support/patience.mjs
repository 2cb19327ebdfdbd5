/**
 * How long a test awaits what should come, ms. A slow machine may need much of it; only a test that fails waits to its
 * end.
 */
export const WAIT_MS = 30_000;
