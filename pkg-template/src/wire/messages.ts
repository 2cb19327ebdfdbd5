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
  /** Not one of `post`, but what hands an attachment over. */
  Attach,
  WatchEntities,
  /** Answered by `Call.Alive` unless the core trapped. */
  Ping,
}

/** Calls of the sink. The page that runs the core takes the last two itself. */
export const enum Kind {
  Dirty,
  Batch,
  Token,
  Headers,
  Reply,
  Attachment,
  Alive,
  /** A socket or a read begins (1) or is over (0). */
  Resource,
}

/** Records of a batch. */
export const enum Rec {
  Job,
  Event,
  Status,
  Log,
  Answer,
  Refusal,
  Server,
  Own,
  Channel,
  SocketIo,
  Acknowledgement,
  Entity,
}

/** A message: two numbers and three texts, of which most need few. */
export type Message = [
  message: Exclude<Post, Post.Attach>,
  n?: number,
  text?: string,
  m?: number | undefined,
  data?: string | undefined,
  supersede?: string | undefined,
];

/** An attachment of the next message. */
export type Attachment = [message: Post.Attach, bytes: ArrayBuffer];

/** Passes one message on. */
export type Core = (...message: Message | Attachment) => void;

/** What the core calls: kind, number and value of docs/core-messages.md. */
export type Sink = (kind: number, n: number, value: never) => void;
