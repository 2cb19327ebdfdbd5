/** The files of the page: being sent, refused, or with a job that works on them. */

interface FileFacts {
  readonly key: string;
  readonly name: string;
  readonly size: number;
}

export interface SendingItem extends FileFacts {
  readonly phase: "sending";
  /** 0–1. */
  readonly sent: number;
}
export interface UnsentItem extends FileFacts {
  readonly phase: "unsent";
  readonly problem: string;
}
export interface JobItem extends FileFacts {
  readonly phase: "job";
  readonly jobId: string;
}
export type Item = SendingItem | UnsentItem | JobItem;

export type ItemAction =
  | { type: "sending"; items: readonly FileFacts[] }
  | { type: "removed"; key: string }
  | { type: "resending"; key: string }
  | { type: "sent"; key: string; fraction: number }
  | { type: "unsent"; key: string; problem: string }
  | { type: "accepted"; key: string; jobId: string };

export const isJobItem = (item: Item): item is JobItem => item.phase === "job";

/** Newest first. */
export function reduceItems(items: readonly Item[], action: ItemAction): readonly Item[] {
  if (action.type === "sending") {
    return [...action.items.map((facts) => ({ ...facts, phase: "sending" as const, sent: 0 })), ...items];
  }
  if (action.type === "removed") return items.filter(({ key }) => key !== action.key);
  return items.map((item) => (item.key === action.key ? next(item, action) : item));
}

function next({ key, name, size }: Item, action: Exclude<ItemAction, { type: "sending" | "removed" }>): Item {
  const facts = { key, name, size };
  switch (action.type) {
    case "resending":
      return { ...facts, phase: "sending", sent: 0 };
    case "sent":
      return { ...facts, phase: "sending", sent: action.fraction };
    case "unsent":
      return { ...facts, phase: "unsent", problem: action.problem };
    case "accepted":
      return { ...facts, phase: "job", jobId: action.jobId };
  }
}
