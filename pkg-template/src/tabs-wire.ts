/**
 * What tabs say to each other, by number. Everything that runs in the origin can post to the channel, an older version
 * of the app too: what does not have the shape is dropped, since the core's glue does not check what it is given.
 */
import { Post } from "./messages.js";
import type { Attachment, Message } from "./messages.js";

export const enum Word {
  /** The sender leads from now on, or still. */
  Lead,
  /** Who leads? */
  Ping,
  /** Messages of a tab to the core; the first ones say all that the tab wishes. */
  Say,
  /** A tab goes. */
  Bye,
  /** Calls of the core's sink, for one tab or for all. */
  Told,
}

/** What a tab says to the core. */
export type Said = Message | Attachment;

export const isAttachment = (said: Said): said is Attachment => said[0] === Post.Attach;

export const enum Kind {
  Dirty,
  Batch,
  Token,
  Headers,
  Reply,
  Attachment,
}

/** A call of the core's sink. */
export type Call = [kind: number, n: number, value?: unknown];

/** A record of a batch: its number, then its elements. */
export type Line = [number, ...unknown[]];

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

/** Ids of the attachments that belong to a record. */
export function attachmentsOf([kind, , , ...more]: Line): readonly number[] {
  return (kind === Rec.SocketIo ? more[6] : kind === Rec.Acknowledgement ? more[0] : []) as number[];
}

/** A leader is known by a number that is higher than those of the leaders before it. */
export type Words =
  | [Word.Lead, leader: number]
  | [Word.Ping]
  | [Word.Say, leader: number, tab: string, messages: Said[]]
  | [Word.Bye, leader: number, tab: string]
  | [Word.Told, leader: number, tab: string, calls: Call[]];

/** The tab of what is told to all. */
export const EVERYBODY = "";

const isNumber = (value: unknown) => typeof value === "number";
const isWhole = (value: unknown) => Number.isSafeInteger(value);
const isText = (value: unknown) => typeof value === "string";
const isBuffer = (value: unknown) => Object.prototype.toString.call(value) === "[object ArrayBuffer]";
const isListOf = (isOne: (value: unknown[]) => boolean) => (value: unknown) =>
  Array.isArray(value) && value.every((one) => Array.isArray(one) && isOne(one));

/** What only the leader's own page may say: about credentials, and about itself. */
const isForeign = (post: unknown) =>
  isWhole(post) &&
  ![Post.Shutdown, Post.Suspend, Post.Hidden, Post.Token, Post.TokenFailed, Post.Headers].includes(
    post as Post,
  );

const PLACES = [isForeign, isWhole, isText, isNumber, isText, isText];

const isSaid = isListOf((given) =>
  given[0] === Post.Attach
    ? isBuffer(given[1])
    : given.length > 0 &&
      given.length <= PLACES.length &&
      given.every((value, place) => (place > 0 && value === undefined) || PLACES[place]?.(value)),
);

const isCalls = isListOf(
  ([kind, n, value]) =>
    isNumber(n) &&
    (kind === Kind.Dirty ||
      (kind === Kind.Batch && isText(value)) ||
      (kind === Kind.Reply && Array.isArray(value)) ||
      (kind === Kind.Attachment && isBuffer(value))),
);

export function areWords(data: unknown): data is Words {
  if (!Array.isArray(data)) return false;
  const [word, leader, tab, more] = data as unknown[];
  if (word === Word.Ping) return true;
  if (!isNumber(leader)) return false;
  if (word === Word.Lead) return true;
  if (!isText(tab)) return false;
  return word === Word.Bye || (word === Word.Say ? isSaid(more) : word === Word.Told && isCalls(more));
}
