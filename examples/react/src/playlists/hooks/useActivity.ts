import { useJobEvents } from "jobwire/react";
import { useState } from "react";
import { MOST_ACTIVITY } from "../settings";

export interface Activity {
  readonly id: string | number;
  readonly description: string;
  /** ISO 8601. */
  readonly at: string;
}

/** What was logged since the page was opened, newest first. */
export function useActivity(): readonly Activity[] {
  const [entries, setEntries] = useState<readonly Activity[]>([]);
  useJobEvents("activity_logged", ({ id, description, at }) => {
    if (id === undefined || typeof description !== "string" || Number.isNaN(Date.parse(String(at)))) return;
    setEntries((before) => [{ id, description, at: String(at) }, ...before].slice(0, MOST_ACTIVITY));
  });
  return entries;
}
