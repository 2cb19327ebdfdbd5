/**
 * The parser of the channel's messages. Every script of the origin can post to the channel, an older version of the app
 * too. What is accepted here is copied field by field: nothing else of what was posted reaches the core or the page.
 */
import { Kind, Post } from "../wire/messages.js";
import { isCount, isFlag, isName, isNumber, isOptional, isText, isWhole, parseBatch } from "./records.js";
import type { Check } from "./records.js";
import { EVERYBODY, MAX_LIST, Word } from "./wire.js";
import type { Call, Said, Words } from "./wire.js";

/** That of the package: another version may mean something else by the same numbers. */
declare const JOBWIRE_VERSION: string;

/** Most characters and bytes in one message: the largest frame that a core takes, and what surrounds it. */
export const MAX_SIZE = 80 << 20;
/** Most columns of a row of `audit()`, and most rows. */
const MAX_COLUMNS = 16;
const MAX_ROWS = 10_000;
/** How often one message changes the number of an event's listeners at most. */
const MAX_LISTENERS = 1_000_000;
/** The last reason of a wake. */
const LAST_REASON = 4;

const TAB_ID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

const isAbsent: Check = (value) => value === undefined || value === 0 || value === "";
const isBuffer: Check = (value) => Object.prototype.toString.call(value) === "[object ArrayBuffer]";
const isListeners: Check = (value) =>
  isWhole(value) && value !== 0 && Math.abs(value as number) <= MAX_LISTENERS;
const isReason: Check = (value) => isCount(value) && (value as number) <= LAST_REASON;
const isNameOrNone = isOptional(isName);
const isTextOrNone = isOptional(isText);
const isNumberOrNone = isOptional(isNumber);

/** What a tab may send to the leader's core, with the arguments of each message from `n` on. */
const SAID: { readonly [post: number]: readonly Check[] } = {
  [Post.Follow]: [isAbsent, isName],
  [Post.Unfollow]: [isAbsent, isName],
  [Post.Listen]: [isListeners, isName],
  [Post.WatchAll]: [isFlag, isAbsent],
  [Post.Connect]: [isWhole],
  [Post.Disconnect]: [isAbsent],
  [Post.Retry]: [isAbsent, isName],
  [Post.Refresh]: [isWhole, isName],
  [Post.Send]: [isWhole, isName, isNumberOrNone, isTextOrNone, isNameOrNone],
  [Post.SendVolatile]: [isWhole, isName, isNumberOrNone, isTextOrNone, isNameOrNone],
  [Post.Wake]: [isReason],
  [Post.Take]: [isFlag],
  [Post.Inspect]: [isWhole],
  [Post.Audit]: [isWhole],
  [Post.Channel]: [isFlag, isName],
  [Post.Request]: [isWhole, isName, isNumberOrNone, isTextOrNone],
  [Post.Reply]: [isWhole, isAbsent, isCount, isTextOrNone],
  [Post.Attach]: [isBuffer],
  [Post.WatchEntities]: [isFlag, isName],
};

/** The values in their places, copied; `undefined` when one is not as its check wants it, or there are more. */
function fields(given: readonly unknown[], checks: readonly Check[]): unknown[] | undefined {
  const values: unknown[] = [];
  for (let place = 1; place < Math.max(given.length, checks.length + 1); place++) {
    const value = given[place];
    const isGood = checks[place - 1] ?? isAbsent;
    if (!isGood(value)) return undefined;
    values.push(value);
  }
  // What is left out at the end is left out.
  while (values.length && values.at(-1) === undefined) values.pop();
  return values;
}

/** Most elements of a message or call. */
const MAX_PLACES = 6;

const listOf = (value: unknown, most: number): readonly unknown[] | undefined =>
  Array.isArray(value) && value.length <= most ? (value as unknown[]) : undefined;

/** A message of a tab to the core, if it is one. The leader's own page does not send its messages over the channel. */
export function parseSaid(given: unknown): Said | undefined {
  const said = listOf(given, MAX_PLACES);
  const post = said?.[0];
  const checks = typeof post === "number" && Object.hasOwn(SAID, post) ? SAID[post] : undefined;
  const values = said && checks && fields(said, checks);
  return values && ([post, ...values] as Said);
}

/** The answer to `audit()`: rows of an event's name and figures. */
function parseRows(given: unknown): unknown[] | undefined {
  const rows = listOf(given, MAX_ROWS);
  return (
    rows &&
    everyOf(rows, (row) => {
      const [name, ...figures] = listOf(row, MAX_COLUMNS) ?? [];
      return isName(name) && figures.every(isNumber) ? [name, ...figures] : undefined;
    })
  );
}

/** A call of the core's sink. The token and the headers are asked of the leader's own page alone. */
function parseCall(given: unknown): Call | undefined {
  const call = listOf(given, 3);
  if (!call || !isCount(call[1])) return undefined;
  const [kind, n, value] = call as [unknown, number, unknown];
  if (kind === Kind.Dirty) return isAbsent(value) ? [kind, n] : undefined;
  if (kind === Kind.Attachment) return isBuffer(value) ? [kind, n, value] : undefined;
  if (kind === Kind.Reply) {
    const rows = parseRows(value);
    return rows && [kind, n, rows];
  }
  const records = kind === Kind.Batch && isText(value) ? parseBatch(value as string) : undefined;
  return records && [Kind.Batch, n, value, records];
}

/** The list with each element parsed; `undefined` when one is refused. Holes are elements that are `undefined`. */
function everyOf<R>(list: readonly unknown[], parse: (one: unknown) => R | undefined): R[] | undefined {
  const parsed: R[] = [];
  for (let place = 0; place < list.length; place++) {
    const one = parse(list[place]);
    if (one === undefined) return undefined;
    parsed.push(one);
  }
  return parsed;
}

const sizeOfValue = (value: unknown): number =>
  typeof value === "string" ? value.length : isBuffer(value) ? (value as ArrayBuffer).byteLength : 0;

/** Characters and bytes of a message or call. */
export function sizeOf(one: unknown): number {
  let size = 0;
  for (const value of listOf(one, MAX_PLACES) ?? []) size += sizeOfValue(value);
  return size;
}

/** Those of a list. */
export const sizeOfAll = (list: readonly unknown[]): number =>
  list.reduce((size: number, one) => size + sizeOf(one), 0);

/** A message as it goes over the channel. */
export const toChannel = (words: Words): unknown[] => [JOBWIRE_VERSION, ...words];

/** A message of this version with all that belongs to it and nothing else; `undefined` for everything else. */
export function parseWords(data: unknown): Words | undefined {
  const [version, word, leader, tab, more] = listOf(data, 5) ?? [];
  if (version !== JOBWIRE_VERSION) return undefined;
  if (word === Word.Ping) return leader === undefined ? [word] : undefined;
  if (!isCount(leader) || !leader) return undefined;
  const number = leader as number;
  if (word === Word.Lead) return tab === undefined ? [word, number] : undefined;
  const list = listOf(more, MAX_LIST);
  if (typeof tab !== "string" || !list || sizeOfAll(list) > MAX_SIZE) return undefined;
  if (word === Word.Say) {
    const messages = TAB_ID.test(tab) ? everyOf(list, parseSaid) : undefined;
    return messages && [word, number, tab, messages];
  }
  if (word !== Word.Told || (tab !== EVERYBODY && !TAB_ID.test(tab))) return undefined;
  const calls = everyOf(list, parseCall);
  return calls && [word, number, tab, calls];
}
