/** Messages to the core by number, in the order of docs/core-messages.md; those to the facade are read in records.ts. */

export const enum Post {
  Follow,
  Unfollow,
  Listen,
  WatchAll,
  Connect,
  Disconnect,
  Shutdown,
  Retry,
  Refresh,
  Send,
  SendVolatile,
  Wake,
  Suspend,
  Hidden,
  Take,
  Token,
  TokenFailed,
  Headers,
  Inspect,
  Audit,
  Channel,
  Request,
  Reply,
}

/** A message: two numbers and three texts, of which most need few. */
export type Message = [
  message: Post,
  n?: number,
  text?: string,
  m?: number | undefined,
  data?: string | undefined,
  supersede?: string | undefined,
];

/** Passes one message on. */
export type Core = (...message: Message) => void;

/** What the core calls: kind, number and value of docs/core-messages.md. */
export type Sink = (kind: number, n: number, value: never) => void;
