/**
 * Payloads of the events that servers of `broadcast` have: `job_status` of system A, all others of system C. Names of
 * members are in camelCase, whatever the server writes.
 *
 * The core refuses an event whose members below have another type (`onInvalid` says what becomes of it), those marked
 * "Unchecked" excepted: these have the type that the system's server gives them. Where another server may send something
 * else, a validator in the option `events` checks the whole event, and types it. A member that may be left out may also
 * be sent as `null`, which means the same: `??` and `?.` take both. What the server sends beyond these members is passed
 * on as well; `JobsClient<JobEvents & { track_enriched: { mood?: string } }>` gives it a type.
 */

/** As the server has it; a number or a text. The ids in `meta.jobId`, of jobs and of entities are always texts. */
type Id = string | number;

/** Parts of a job, whole numbers from 0. Each has several names, which mean the same; `job.counts` has them under one. */
export interface JobCounts {
  /** All there are. */
  total?: number;
  tracksTotal?: number;
  /** Those that are done, well or badly. */
  processed?: number;
  tracksProcessed?: number;
  completed?: number;
  /** Those that went well. */
  succeeded?: number;
  tracksSucceeded?: number;
  /** Those that failed. */
  failed?: number;
  tracksFailed?: number;
}

/** Why a job or playlist failed, where that is no mere sentence. The core reads it when a job failed. */
export interface FailureReason {
  /** A sentence for people. */
  message?: string;
  /** Whether it may be tried again. */
  retryable?: boolean;
  /** Where it happened. */
  stage?: string;
}

interface JobWords {
  /** Where the job is: the number or the name of a phase. Both names mean the same, that of the `job` is `stage`. */
  phase?: Id;
  stage?: string;
  /** A sentence for people. */
  message?: string;
}

/** What any event may say of a job that it happens to name. */
interface JobStep extends JobWords {
  /** The job it is about, if it is about one. */
  jobId?: Id;
}

/** What an event about a job may say of it. */
interface JobReport extends JobWords {
  /** Counts, or a percentage, 0–100. */
  progress?: JobCounts | number;
  /** 1 for the first. */
  attempt?: number;
  /** Address of the result: http(s), blob or relative to the page. */
  resultUrl?: string;
  /** The same where it may not be linked (`Job.unsafeResultUrl`). */
  unsafeResultUrl?: string;
  /** How long it took, in seconds. */
  durationSeconds?: number;
  /** Why it failed: a sentence for people, or more. */
  error?: string | FailureReason;
  /** Whether a job that failed may be tried again, where `error` is a sentence. */
  retryable?: boolean;
  /** Unchecked: when it happened, in ISO 8601 or ms since 1970. */
  timestamp?: string | number;
}

/** The same of an event that is always about one. */
interface JobNews extends JobReport {
  /** No such event without it; what a server calls `id`, or otherwise, has this name by the option `map`. */
  jobId: Id;
}

/** What any event about a playlist may say. */
interface PlaylistNews {
  /** The playlist, as its platform names it, such as 22 letters and digits. */
  playlistId?: Id;
  /** The same, as the server's own database has it; the playlist's id where there is no other. */
  id?: Id;
  /** The job that it happened in. */
  jobId?: Id;
  /** A sentence for people. */
  message?: string;
}

/** `job_status` (A): a job is in some state, or with `trackId` a track that it works on. */
export interface JobStatusPayload extends JobNews {
  /** The track whose state `status` is. */
  trackId?: Id;
  /** The server's word: `queued`, `running`, `completed`, `failed` …; `analyzed` or `failed` of a track. */
  status: string;
}

/** `job_status_changed` (C): a job went from one state to another. The new one is `status`, or `newStatus`. */
export interface JobStatusChangedPayload extends JobNews {
  /** The track whose state it is, where it is that of a track. */
  trackId?: Id;
  /** Absent of a job that was just made. */
  oldStatus?: string;
  status?: string;
  newStatus?: string;
}

/** `enrichment_job_started` (C): the worker has begun. */
export interface EnrichmentJobStartedPayload extends JobNews {
  /** Unchecked: how many tracks it will work on. */
  total?: number;
}

/** `enrichment_job_completed` (C): the worker is done. */
export interface EnrichmentJobCompletedPayload extends JobNews {
  /** Unchecked: what `status` of the job was read over HTTP, where the end was found so. */
  status?: string;
  /** Unchecked, as the next three: how many tracks there were. */
  total?: number;
  /** How many have been worked on. */
  processed?: number;
  /** Those that were enriched. */
  succeeded?: number;
  /** Those that were not. */
  failed?: number;
  /** Unchecked: how long it took, in ms. */
  durationMs?: number;
}

/** `enrichment_job_failed` (C): the worker has given up; `error` says why. */
export interface EnrichmentJobFailedPayload extends JobNews {
  /** Unchecked: what `status` of the job was read over HTTP, where the end was found so. */
  status?: string;
  /** Unchecked, as the next three: how many tracks there were. */
  total?: number;
  /** How many have been worked on. */
  processed?: number;
  /** Those that were enriched. */
  succeeded?: number;
  /** Those that were not. */
  failed?: number;
}

/** `enrichment_phase_started` (C): a job goes on to its next phase. */
export interface EnrichmentPhaseStartedPayload extends JobStep {
  /** Unchecked: what the phase is called, such as `metadata`, `matching`, `chartmetric`. */
  name?: string;
  /** Unchecked: how many tracks go into it. */
  total?: number;
}

/** `enrichment_phase_completed` (C): a job is through with a phase. */
export interface EnrichmentPhaseCompletedPayload extends JobStep {
  /** Unchecked: what the phase is called. */
  name?: string;
  /** Unchecked: how many tracks go on into the next phase. */
  succeeded?: number;
  /** Unchecked: how many don't. */
  failed?: number;
  /** Unchecked: how long it took, in ms. */
  durationMs?: number;
}

/** `batch_complete` (C): some of the tracks of a job are done. */
export interface BatchCompletePayload extends JobStep {
  /** Unchecked: number of the batch, from 1. */
  batch?: number;
  /** Unchecked: how far the whole job is. */
  progress?: JobCounts;
}

/** `chartmetric_progress` (C): how far the last phase of a job is. */
export interface ChartmetricProgressPayload extends JobStep {
  /** Counts, or a percentage, 0–100. */
  progress?: JobCounts | number;
}

/** `bulk_import_progress` (C): how far an import is, in rows; whole numbers from 0. */
export interface BulkImportProgressPayload extends JobReport {
  /** The import; it is a job, whose id this is where there is no `jobId`. */
  importId?: Id;
  jobId?: Id;
  /** The server's word; without it the import is under way. */
  status?: string;
  /** Rows that have been read, well or badly; also called `processed`. */
  completed?: number;
  processed?: number;
  /** All rows. */
  total?: number;
  /** Rows that were imported. */
  succeeded?: number;
  /** Rows that were refused. */
  failed?: number;
  /** Unchecked: what was imported since the last time, as the server has it. */
  playlists?: readonly unknown[];
}

/** `track_enriched` (C): a track has got what was to be found out about it. */
export interface TrackEnrichedPayload {
  trackId: Id;
  trackName?: string;
  artistName?: string;
  /** The job that did it. */
  jobId?: Id;
  /** Unchecked: the playlist that it is in. */
  playlistId?: Id;
  /** Unchecked: how well it does, 0–100. */
  score?: number;
}

/** `track_status_changed` (C): a track went from one state to another, such as `pending` to `enriching`. */
export interface TrackStatusPayload {
  trackId: Id;
  oldStatus?: string;
  /** The server's word. */
  newStatus: string;
  trackName?: string;
  artistName?: string;
  /** The job that did it. */
  jobId?: Id;
  /** Unchecked: the playlist that it is in. */
  playlistId?: Id;
  /** Unchecked: a sentence for people, why it failed. */
  error?: string;
  /** Unchecked: when it happened, in ISO 8601 or ms since 1970. */
  timestamp?: string | number;
}

/** What changed of a playlist. Unchecked, but that it is an object. */
export interface PlaylistUpdates {
  name?: string;
  /** How many follow it. */
  followers?: number;
  /** How many tracks it has. */
  trackCount?: number;
}

/** `playlist_updated` (C): members of a playlist have new values. */
export interface PlaylistUpdatedPayload extends PlaylistNews {
  updates?: PlaylistUpdates;
}

/** `playlist_error` (C): a playlist could not be fetched, or not be used. */
export interface PlaylistErrorPayload extends PlaylistNews {
  /** A sentence for people, or more. */
  error?: string | FailureReason;
}

/** Figures of a playlist. Unchecked. */
export interface PlaylistMetrics {
  trackCount?: number;
  /** How many of the tracks are enriched. */
  enriched?: number;
  /** Of all its tracks. */
  totalStreams?: number;
  /** Of the tracks that have one, 0–100. */
  averageScore?: number;
  /** How many follow it. */
  followers?: number;
}

/** `metric_update` (C): figures of a playlist were worked out anew. Told once a second at most, unless `intervals` has it. */
export interface MetricUpdatePayload extends PlaylistNews {
  /** Unchecked. */
  metrics?: PlaylistMetrics;
}

/** `follower_count_updated` (C): more or fewer follow a playlist. */
export interface FollowerCountPayload extends PlaylistNews {
  /** Unchecked: how many do. */
  followers?: number;
  /** Unchecked: how many did. */
  previous?: number;
  /** The same as `followers`, where a server calls it so. */
  followerCount?: number;
}

/** `analytics_updated` (C): sums over all playlists, or over one that it names. */
export interface AnalyticsPayload extends PlaylistNews {
  /** Unchecked, as all others: how many playlists there are. */
  playlists?: number;
  /** How many tracks. */
  tracks?: number;
  /** How many of them are enriched. */
  enriched?: number;
  /** How many follow the playlists, those who follow several counted for each. */
  followers?: number;
  /** Of all tracks. */
  totalStreams?: number;
}

/** `activity_logged` (C): an entry of the log that people read. */
export interface ActivityPayload {
  /** Unchecked: number of the entry. */
  id?: Id;
  /** The same, where a server calls it so. */
  activityId?: Id;
  /** Unchecked: what was done, for programs, such as `playlists_imported`. */
  action?: string;
  /** Unchecked: the same as a sentence for people. */
  description?: string;
  /** Unchecked: the playlist that it was done with. */
  playlistId?: Id;
  /** The job that did it. */
  jobId?: Id;
  /** Unchecked: when it was, ISO 8601. */
  at?: string;
}

/** Names and payloads of the events above. */
export interface BroadcastEvents {
  job_status: JobStatusPayload;

  track_enriched: TrackEnrichedPayload;
  batch_complete: BatchCompletePayload;
  chartmetric_progress: ChartmetricProgressPayload;
  metric_update: MetricUpdatePayload;
  playlist_updated: PlaylistUpdatedPayload;
  playlist_error: PlaylistErrorPayload;
  job_status_changed: JobStatusChangedPayload;
  enrichment_job_started: EnrichmentJobStartedPayload;
  enrichment_job_completed: EnrichmentJobCompletedPayload;
  enrichment_job_failed: EnrichmentJobFailedPayload;
  activity_logged: ActivityPayload;
  track_status_changed: TrackStatusPayload;
  enrichment_phase_started: EnrichmentPhaseStartedPayload;
  enrichment_phase_completed: EnrichmentPhaseCompletedPayload;
  bulk_import_progress: BulkImportProgressPayload;
  follower_count_updated: FollowerCountPayload;
  analytics_updated: AnalyticsPayload;
}
