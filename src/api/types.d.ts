/** Whom the core tells; see docs/core-messages.md. */
export type Sink = (
  kind: "dirty" | "batch" | "token" | "headers" | "reply",
  a?: unknown,
  b?: unknown,
) => void;
