/** The messages that tabs exchange, by number: docs/core-messages.md, section Tabs. tabs-parse.ts checks them. */
import { Post, Rec } from "../wire/messages.js";
import type { Attachment, Message } from "../wire/messages.js";

export const enum Word {
  /** The sender leads from now on, or still. */
  Lead,
  /** Who leads? */
  Ping,
  /** Messages of a tab to the core; the first ones say all that the tab wishes. */
  Say,
  /** Calls of the core's sink, for one tab or for all. */
  Told,
}

/** What a tab says to the core. */
export type Said = Message | Attachment;

/** Brings messages to the core that serves a tab, in this page or another. */
export type Say = (messages: readonly Said[]) => void;

export const isAttachment = (said: Said): said is Attachment => said[0] === Post.Attach;

/** A call of the core's sink; of a batch that came over the channel its records are there as well. */
export type Call = [kind: number, n: number, value?: unknown, records?: readonly Line[]];

/** A record of a batch: its number, then its elements. */
export type Line = [number, ...unknown[]];

/** Ids of the attachments that belong to a record. */
export function attachmentsOf([kind, , , ...more]: Line): readonly number[] {
  return (kind === Rec.SocketIo ? more[6] : kind === Rec.Acknowledgement ? more[0] : []) as number[];
}

/** A leader is known by its number, which the name of a lock confirms that it holds (tabs-locks.ts). */
export type Words =
  | [Word.Lead, leader: number]
  | [Word.Ping]
  | [Word.Say, leader: number, tab: string, messages: readonly Said[]]
  | [Word.Told, leader: number, tab: string, calls: readonly Call[]];

/** The tab of what is told to all. */
export const EVERYBODY = "";

/** Most messages or calls in one message of the channel; what is more is sent in several. */
export const MAX_LIST = 1000;
