/** `src/web/http.js`: how the driver makes requests over HTTP. */
export interface Http {
  startRequest: (request: object) => object;
}

/** Whom the core tells; see docs/core-messages.md. */
export type Sink = (kind: number, n: number, value: unknown) => void;
