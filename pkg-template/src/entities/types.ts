/** What servers report beside jobs. */
import type { Job } from "../jobs/types.js";

/** Something the `broadcast` protocol tells about: a job, a track, a playlist. Never changed in place. */
export interface Entity {
  readonly id: string;
  /** `job`, `track` or `playlist`. */
  readonly kind: string;
  /** In the server's words, such as `analyzed`, `failed` or `pending` of a track; that of a job is {@link Job.status}. */
  readonly status?: string;
  /** The one before. */
  readonly previousStatus?: string;
  /** Wall clock, ms since 1970. */
  readonly updatedAt: number;
  readonly source: Job["source"];
  /**
   * What the server has said about it so far, the newest of each member; the names are in `camelCase`. That of a job is
   * the {@link Job}.
   */
  readonly data?: unknown;
}
