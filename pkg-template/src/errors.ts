/** Why something could not be done; each code asks for a different reaction of the app. */
export type JobsErrorCode =
  | "config"
  | "auth"
  | "network"
  | "timeout"
  | "handshake"
  | "protocol"
  | "validation"
  | "queue-full"
  | "rate-limited"
  | "closed"
  | "wasm";

/** Every error of this package. Its texts never hold a token. */
export class JobsError extends Error {
  declare readonly code: JobsErrorCode;
  /** Whether the same call may work later without a change by the developer. */
  declare readonly retryable: boolean;
  /** What to do about it, in one sentence. */
  declare readonly remedy: string;
  /** Where a server refused a channel: its `{ message, data }`. */
  declare readonly cause?: unknown;

  // eslint-disable-next-line max-params -- public: apps may call it
  constructor(code: JobsErrorCode, message: string, remedy: string, retryable = false, cause?: unknown) {
    super(message, cause ? { cause } : undefined);
    this.name = "JobsError";
    this.code = code;
    this.retryable = retryable;
    this.remedy = remedy;
  }
}

export const configError = (message: string, remedy: string) => new JobsError("config", message, remedy);

export const closedError = () =>
  new JobsError("closed", "The client or handle is closed.", "Make a new one.");
