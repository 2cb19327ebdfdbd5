/** Whom the core tells; see docs/core-messages.md. */
export type Sink = (kind: number, n: number, value: unknown) => void;
