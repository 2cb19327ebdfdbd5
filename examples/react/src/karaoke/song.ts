/** A song on its way through the server, as the HTTP interface and the events of `/jobs` describe it. */

const STATUSES = ["queued", "processing", "completed", "failed", "cancelled"] as const;
export type SongStatus = (typeof STATUSES)[number];

export interface SongJob {
  readonly id: string;
  readonly title: string;
  readonly status: SongStatus;
  /** 0–100. */
  readonly progress: number;
  /** What is being done, in words. */
  readonly statusMessage: string;
  readonly error: string | null;
  /** What the server named as result, where it is no web address. */
  readonly unsafeResultUrl?: string;
  /** Times as ISO 8601. */
  readonly createdAt: string;
  readonly updatedAt: string;
}

export const isActive = ({ status }: Pick<SongJob, "status">) =>
  status === "queued" || status === "processing";

/** `status_message` and `statusMessage` are the same: events come in camelCase, HTTP answers as the server writes them. */
export function camelKeys(value: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [
      key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      field as unknown,
    ]),
  );
}

const text = (value: unknown) => (typeof value === "string" ? value : "");

/** Undefined when it is no job. */
export function readSong(value: unknown): SongJob | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const fields = camelKeys(value);
  const status = STATUSES.find((known) => known === fields["status"]);
  const unsafeResultUrl = text(fields["unsafeResultUrl"]);
  if (typeof fields["id"] !== "string" || !status) return undefined;
  return {
    id: fields["id"],
    title: text(fields["title"]) || text(fields["filename"]) || fields["id"],
    status,
    progress: typeof fields["progress"] === "number" ? fields["progress"] : 0,
    statusMessage: text(fields["statusMessage"]),
    error: text(fields["error"]) || null,
    ...(unsafeResultUrl && { unsafeResultUrl }),
    createdAt: text(fields["createdAt"]),
    updatedAt: text(fields["updatedAt"]),
  };
}

/** The jobs of a list; what is no job is left out. */
export function readSongs(value: unknown): SongJob[] {
  const list = (value as { jobs?: unknown } | null)?.jobs;
  if (!Array.isArray(list)) return [];
  return list.map(readSong).filter((song) => song !== undefined);
}
