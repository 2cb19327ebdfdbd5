/** Checks the records of a batch that another tab's page has sent: numbers and types of docs/core-messages.md. */
import { Rec } from "../wire/messages.js";
import type { Line } from "./wire.js";

export type Check = (value: unknown) => boolean;

/** Most characters of an id, a name or a key. */
const MAX_NAME = 8192;
/** Most records of one batch, and elements of one record. */
const MAX_RECORDS = 200_000;
const MAX_ELEMENTS = 40;
/** Most attachments of a record. */
const MAX_ATTACHMENTS = 10;

export const isText: Check = (value) => typeof value === "string";
export const isName: Check = (value) => typeof value === "string" && value.length <= MAX_NAME;
export const isNumber: Check = (value) => Number.isFinite(value);
export const isWhole: Check = (value) => Number.isSafeInteger(value);
export const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
export const isFlag: Check = (value) => value === 0 || value === 1;
export const isOptional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);

const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || value === undefined || check(value);
const below =
  (most: number): Check =>
  (value) =>
    isCount(value) && (value as number) < most;

const isAny: Check = () => true;
const isList: Check = (value) => Array.isArray(value);
const isIds: Check = (value) =>
  Array.isArray(value) && value.length <= MAX_ATTACHMENTS && (value as unknown[]).every(isCount);
const isMembers: Check = (value) => typeof value === "object" && !Array.isArray(value);
const mayBeText = orNull(isText);
const mayBeName = orNull(isName);
const mayBeNumber = orNull(isNumber);
const mayBeFlag = orNull(isFlag);
const isStatus = below(6);
const isSource = below(3);
const isState = below(8);
const isSmall = below(256);

const EVENT = [isName, isAny, isCount, isNumber, isSource, mayBeName, mayBeText];
const OWN_EVENT = [isName, isList, isCount, isNumber, isSource, mayBeName, mayBeText];
const STATUS = [
  isState,
  isCount,
  isFlag,
  mayBeNumber,
  mayBeNumber,
  isSmall,
  orNull(isSource),
  mayBeText,
  isAny,
];
const JOB = [
  ...[isName, isStatus, mayBeNumber, isCount, isNumber, isSource, isFlag, mayBeNumber, mayBeNumber],
  ...[mayBeText, mayBeText, mayBeText, mayBeText, mayBeFlag, mayBeText],
  ...[mayBeNumber, mayBeNumber, mayBeNumber, mayBeNumber],
];

/** The checks of a record's elements. What stands behind them, or is missing, has to be nothing but plain. */
const RECORDS: readonly (readonly Check[])[] = [];
const of = RECORDS as Check[][];
of[Rec.Job] = JOB;
of[Rec.Event] = of[Rec.Server] = EVENT;
of[Rec.Own] = OWN_EVENT;
of[Rec.Status] = STATUS;
of[Rec.Channel] = [isName, ...STATUS];
of[Rec.Log] = [isSmall, isNumber, isCount, isSmall, mayBeText, mayBeName];
of[Rec.Answer] = [isWhole];
of[Rec.Refusal] = [isWhole, isSmall, mayBeText];
of[Rec.SocketIo] = [...OWN_EVENT, isCount, isIds, isFlag];
of[Rec.Acknowledgement] = [isWhole, isList, isIds];
of[Rec.Entity] = [isName, isName, mayBeText, mayBeText, isNumber, isSource, isMembers];

function isLine(value: unknown): value is Line {
  if (!Array.isArray(value) || value.length > MAX_ELEMENTS) return false;
  const [kind, ...elements] = value as unknown[];
  const checks = isCount(kind) ? RECORDS[kind as number] : undefined;
  return !!checks && checks.every((isGood, place) => isGood(elements[place]));
}

/** The records of a batch, as JSON with commas between them; `undefined` when one of them is none. */
export function parseBatch(json: string): readonly Line[] | undefined {
  let records: unknown;
  try {
    records = JSON.parse(`[${json}]`);
  } catch {
    return undefined;
  }
  const lines = records as unknown[];
  return lines.length <= MAX_RECORDS && lines.every(isLine) ? (lines as Line[]) : undefined;
}
