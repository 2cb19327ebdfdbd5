/** One request of the driver. */
export interface HttpRequest {
  url: string;
  /** How large the answer may be, bytes. */
  limit: number;
  /** Asks only whether a server answers. */
  isProbe?: boolean;
  /** For `Authorization: Bearer`. */
  token?: string;
  /** For `If-None-Match`. */
  etag?: string;
  /** Those of the page: name and value. */
  headers?: Iterable<[name: string, value: string]>;
  /** Without one the method is GET, else POST. */
  body?: string;
  /** It should reach the server even when the page is closed. */
  isLast?: boolean;
}

/** How a request ended. */
export interface HttpAnswer {
  /** 0: the server could not be reached, or the answer broke off. */
  status: number;
  /** Empty where the answer was not taken in. */
  body: string;
  etag?: string | undefined;
  retryAfterMs?: number | undefined;
  /** Why the answer was not taken in, if it was not. */
  refusal?: "redirect" | "tooLarge";
}

/** A request under way. */
export interface HttpExchange {
  /** Never rejects. */
  readonly answer: Promise<HttpAnswer>;
  abort(): void;
}

export function startRequest(request: HttpRequest): HttpExchange;
