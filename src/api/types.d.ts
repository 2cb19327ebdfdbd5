/** Whom the core tells; see docs/core-messages.md. */
export type Sink = (kind: "dirty" | "batch" | "token" | "headers" | "reply", a?: unknown, b?: unknown) => void;
/** Why the page thinks that it was away. */
export type WakeReason = "visible" | "pageshow" | "resume" | "online" | "focus";
