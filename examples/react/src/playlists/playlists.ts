/** Playlists as the page shows them: as they were read, and what was told of them since. */
import type { AnalyticsPayload, Entity } from "jobwire";

export interface Metrics {
  readonly trackCount: number;
  readonly enriched: number;
  readonly totalStreams: number;
  readonly averageScore: number;
}

export interface Playlist {
  readonly playlistId: string;
  readonly name: string;
  readonly followers: number;
  readonly metrics: Metrics;
  /** Why the last thing that was tried with it came to nothing. */
  readonly error?: string;
}

/** What all playlists add up to: as it is told, and read. */
export type Analytics = AnalyticsPayload;

export interface Reading {
  readonly playlists: readonly Playlist[];
  /** When it was asked for, ms since 1970. */
  readonly at: number;
}

const NO_METRICS: Metrics = { trackCount: 0, enriched: 0, totalStreams: 0, averageScore: 0 };

/** What the client keeps of a playlist: members of several events, the newest of each, unchecked. */
type Told = Readonly<Record<"name" | "error" | "followers" | "trackCount" | "metrics", unknown>>;

const textOr = (value: unknown, other: string) => (typeof value === "string" ? value : other);
const numberOr = (value: unknown, other: number) => (typeof value === "number" ? value : other);

function metricsOf(told: unknown, known: Metrics): Metrics {
  const { trackCount, enriched, totalStreams, averageScore } = (told ?? {}) as Partial<
    Record<keyof Metrics, unknown>
  >;
  return {
    trackCount: numberOr(trackCount, known.trackCount),
    enriched: numberOr(enriched, known.enriched),
    totalStreams: numberOr(totalStreams, known.totalStreams),
    averageScore: numberOr(averageScore, known.averageScore),
  };
}

function merged(known: Playlist | undefined, { id, status, data }: Entity): Playlist {
  const told = (data ?? {}) as Told;
  const metrics = metricsOf(told.metrics, known?.metrics ?? NO_METRICS);
  const error = textOr(told.error, "");
  return {
    playlistId: id,
    name: textOr(told.name, known?.name ?? id),
    followers: numberOr(told.followers, known?.followers ?? 0),
    metrics: { ...metrics, trackCount: Math.max(numberOr(told.trackCount, 0), metrics.trackCount) },
    ...(status === "error" && error && { error }),
  };
}

/** What was told before the reading was asked for is in the reading. */
export function boardOf({ playlists, at }: Reading, told: ReadonlyMap<string, Entity>): readonly Playlist[] {
  const board = new Map(playlists.map((playlist) => [playlist.playlistId, playlist]));
  for (const [id, entity] of told) {
    if (entity.updatedAt >= at || !board.has(id)) board.set(id, merged(board.get(id), entity));
  }
  return [...board.values()].sort((one, other) =>
    one.name.localeCompare(other.name, "en", { numeric: true }),
  );
}
