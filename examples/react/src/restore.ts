/** Keeps the list of jobs over a reload of the page. */
import { isJobItem } from "./items";
import type { Item, JobItem } from "./items";
import { jobExists } from "./server";

const STORAGE_KEY = "jobwire-demo-jobs";

export function keepItems(items: readonly Item[]): void {
  try {
    sessionStorage.setItem(STORAGE_KEY, JSON.stringify(items.filter(isJobItem)));
  } catch {
    // Storage may be switched off; the page works without it.
  }
}

export async function restoreItems(): Promise<readonly JobItem[]> {
  let kept: JobItem[] = [];
  try {
    kept = JSON.parse(sessionStorage.getItem(STORAGE_KEY) ?? "[]") as JobItem[];
  } catch {
    // As above.
  }
  const known = await Promise.all(kept.map(({ jobId }) => jobExists(jobId)));
  return kept.filter((_, index) => known[index]);
}
