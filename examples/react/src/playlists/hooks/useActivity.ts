import { useJobEvents } from "jobwire/react";
import { useState } from "react";
import { MOST_ACTIVITY } from "../settings";

export interface Activity {
  readonly id: string;
  readonly description: string;
  /** ISO 8601. */
  readonly at: string;
}

/** What was logged since the page was opened, newest first. */
export function useActivity(): readonly Activity[] {
  const [entries, setEntries] = useState<readonly Activity[]>([]);
  useJobEvents("activity_logged", ({ id, description, at }) => {
    const entry = { id: String(id), description: String(description), at: String(at) };
    setEntries((before) => [entry, ...before].slice(0, MOST_ACTIVITY));
  });
  return entries;
}
