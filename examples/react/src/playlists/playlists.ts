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

/** What the client keeps of a playlist: members of several events, the newest of each. */
type Told = Partial<Playlist> & Pick<Partial<Metrics>, "trackCount">;

function merged(known: Playlist | undefined, { id, status, data }: Entity): Playlist {
  const { trackCount, ...told } = (data ?? {}) as Told;
  const metrics = told.metrics ?? known?.metrics ?? NO_METRICS;
  return {
    playlistId: id,
    name: told.name ?? known?.name ?? id,
    followers: told.followers ?? known?.followers ?? 0,
    metrics: { ...metrics, trackCount: Math.max(trackCount ?? 0, metrics.trackCount) },
    ...(status === "error" && told.error !== undefined && { error: told.error }),
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
