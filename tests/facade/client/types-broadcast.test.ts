import { describe, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { JobsClient } from "../../../pkg-template/src/index.js";
import type * as P from "../../../pkg-template/src/index.js";
import * as react from "../../../pkg-template/src/react/index.js";
import * as svelte from "../../../pkg-template/src/svelte/index.js";

type Count = number | undefined;
type Text = string | undefined;
type Id = string | number;
type MaybeId = Id | undefined;
type Reason = Text | P.FailureReason;
type Progress = P.JobCounts | Count;
type Time = string | Count;

declare const plain: JobsClient;

/** Each event with members that its servers send, and their types. Compiled by `tsc -p tests/facade`; never run. */
export const known: { [K in keyof P.BroadcastEvents]: P.Listener<P.JobEvents[K]> } = {
  job_status(payload) {
    const { jobId, status, trackId, progress, timestamp, phase, message, error, attempt } = payload;
    expectTypeOf(jobId).toEqualTypeOf<Id>();
    expectTypeOf(status).toBeString();
    expectTypeOf([trackId, phase]).toEqualTypeOf<MaybeId[]>();
    expectTypeOf(progress).toEqualTypeOf<Progress>();
    expectTypeOf(timestamp).toEqualTypeOf<Time>();
    expectTypeOf([message, payload.stage, payload.resultUrl]).toEqualTypeOf<Text[]>();
    expectTypeOf([attempt, payload.durationSeconds]).toEqualTypeOf<Count[]>();
    expectTypeOf(payload.retryable).toEqualTypeOf<boolean | undefined>();
    expectTypeOf(error).toEqualTypeOf<Reason>();
    if (typeof error === "object") expectTypeOf([error.message, error.stage]).toEqualTypeOf<Text[]>();
    if (typeof progress !== "object") return;
    const { tracksProcessed, tracksSucceeded, tracksFailed, total } = progress;
    expectTypeOf([tracksProcessed, tracksSucceeded, tracksFailed, total]).toEqualTypeOf<Count[]>();
  },
  job_status_changed({ jobId, oldStatus, newStatus, status, trackId, phase, error, timestamp }) {
    expectTypeOf(jobId).toEqualTypeOf<Id>();
    expectTypeOf([oldStatus, newStatus, status]).toEqualTypeOf<Text[]>();
    expectTypeOf([trackId, phase]).toEqualTypeOf<MaybeId[]>();
    expectTypeOf(error).toEqualTypeOf<Reason>();
    expectTypeOf(timestamp).toEqualTypeOf<Time>();
  },
  enrichment_job_started({ jobId, total, timestamp }) {
    expectTypeOf(jobId).toEqualTypeOf<Id>();
    expectTypeOf(total).toEqualTypeOf<Count>();
    expectTypeOf(timestamp).toEqualTypeOf<Time>();
  },
  enrichment_job_completed({ jobId, total, processed, succeeded, failed, durationMs, resultUrl }) {
    expectTypeOf(jobId).toEqualTypeOf<Id>();
    expectTypeOf([total, processed, succeeded, failed, durationMs]).toEqualTypeOf<Count[]>();
    expectTypeOf(resultUrl).toEqualTypeOf<Text>();
  },
  enrichment_job_failed({ jobId, error, retryable, failed }) {
    expectTypeOf(jobId).toEqualTypeOf<Id>();
    expectTypeOf(error).toEqualTypeOf<Reason>();
    expectTypeOf(retryable).toEqualTypeOf<boolean | undefined>();
    expectTypeOf(failed).toEqualTypeOf<Count>();
  },
  enrichment_phase_started({ jobId, phase, name, total }) {
    expectTypeOf([jobId, phase]).toEqualTypeOf<MaybeId[]>();
    expectTypeOf(name).toEqualTypeOf<Text>();
    expectTypeOf(total).toEqualTypeOf<Count>();
  },
  enrichment_phase_completed({ jobId, phase, name, succeeded, failed, durationMs }) {
    expectTypeOf([jobId, phase]).toEqualTypeOf<MaybeId[]>();
    expectTypeOf(name).toEqualTypeOf<Text>();
    expectTypeOf([succeeded, failed, durationMs]).toEqualTypeOf<Count[]>();
  },
  batch_complete({ jobId, batch, progress, message }) {
    expectTypeOf(jobId).toEqualTypeOf<MaybeId>();
    expectTypeOf([batch, progress?.processed, progress?.total]).toEqualTypeOf<Count[]>();
    expectTypeOf(message).toEqualTypeOf<Text>();
  },
  chartmetric_progress({ jobId, progress }) {
    expectTypeOf(jobId).toEqualTypeOf<MaybeId>();
    expectTypeOf(progress).toEqualTypeOf<Progress>();
  },
  bulk_import_progress(payload) {
    const { importId, jobId, completed, total, succeeded, failed, status } = payload;
    expectTypeOf([importId, jobId]).toEqualTypeOf<MaybeId[]>();
    expectTypeOf([completed, payload.processed, total, succeeded, failed]).toEqualTypeOf<Count[]>();
    expectTypeOf(status).toEqualTypeOf<Text>();
    expectTypeOf(payload.playlists).toEqualTypeOf<readonly unknown[] | undefined>();
  },
  track_enriched({ trackId, trackName, artistName, playlistId, jobId, score }) {
    expectTypeOf(trackId).toEqualTypeOf<Id>();
    expectTypeOf([trackName, artistName]).toEqualTypeOf<Text[]>();
    expectTypeOf([playlistId, jobId]).toEqualTypeOf<MaybeId[]>();
    expectTypeOf(score).toEqualTypeOf<Count>();
  },
  track_status_changed({ trackId, oldStatus, newStatus, playlistId, jobId, error, timestamp }) {
    expectTypeOf(trackId).toEqualTypeOf<Id>();
    expectTypeOf([oldStatus, error]).toEqualTypeOf<Text[]>();
    expectTypeOf(newStatus).toBeString();
    expectTypeOf([playlistId, jobId]).toEqualTypeOf<MaybeId[]>();
    expectTypeOf(timestamp).toEqualTypeOf<Time>();
  },
  playlist_updated({ playlistId, id, updates }) {
    expectTypeOf([playlistId, id]).toEqualTypeOf<MaybeId[]>();
    expectTypeOf(updates?.name).toEqualTypeOf<Text>();
    expectTypeOf([updates?.followers, updates?.trackCount]).toEqualTypeOf<Count[]>();
  },
  playlist_error({ playlistId, id, error, message }) {
    expectTypeOf([playlistId, id]).toEqualTypeOf<MaybeId[]>();
    expectTypeOf(error).toEqualTypeOf<Reason>();
    expectTypeOf(message).toEqualTypeOf<Text>();
  },
  metric_update({ playlistId, id, metrics }) {
    expectTypeOf([playlistId, id]).toEqualTypeOf<MaybeId[]>();
    expectTypeOf([metrics?.trackCount, metrics?.enriched, metrics?.totalStreams]).toEqualTypeOf<Count[]>();
    expectTypeOf([metrics?.averageScore, metrics?.followers]).toEqualTypeOf<Count[]>();
  },
  follower_count_updated({ playlistId, id, followers, previous, followerCount }) {
    expectTypeOf([playlistId, id]).toEqualTypeOf<MaybeId[]>();
    expectTypeOf([followers, previous, followerCount]).toEqualTypeOf<Count[]>();
  },
  analytics_updated({ playlistId, playlists, tracks, enriched, followers, totalStreams }) {
    expectTypeOf(playlistId).toEqualTypeOf<MaybeId>();
    expectTypeOf([playlists, tracks, enriched, followers, totalStreams]).toEqualTypeOf<Count[]>();
  },
  activity_logged({ id, activityId, playlistId, jobId, action, description, at }) {
    expectTypeOf([id, activityId, playlistId, jobId]).toEqualTypeOf<MaybeId[]>();
    expectTypeOf([action, description, at]).toEqualTypeOf<Text[]>();
  },
};

/** The same: one member of each that there is not. */
export function unknown(): void {
  // @ts-expect-error it is called jobId
  plain.on("job_status", ({ jobbId }) => jobbId);
  // @ts-expect-error it is called oldStatus
  plain.on("job_status_changed", ({ oldStatuss }) => oldStatuss);
  // @ts-expect-error it is called total
  plain.on("enrichment_job_started", ({ totl }) => totl);
  // @ts-expect-error it is called durationMs
  plain.on("enrichment_job_completed", ({ durationMS }) => durationMS);
  // @ts-expect-error it is called error
  plain.on("enrichment_job_failed", ({ reason }) => reason);
  // @ts-expect-error none yet: the phase has just begun
  plain.on("enrichment_phase_started", ({ succeeded }) => succeeded);
  // @ts-expect-error it is called phase
  plain.on("enrichment_phase_completed", ({ phaze }) => phaze);
  // @ts-expect-error it is called batch
  plain.on("batch_complete", ({ batchNumber }) => batchNumber);
  // @ts-expect-error it is called progress
  plain.on("chartmetric_progress", ({ progres }) => progres);
  // @ts-expect-error it is called completed
  plain.on("bulk_import_progress", ({ compleeted }) => compleeted);
  // @ts-expect-error it is called trackName
  plain.on("track_enriched", ({ trakName }) => trakName);
  // @ts-expect-error it is called newStatus
  plain.on("track_status_changed", ({ status }) => status);
  // @ts-expect-error it is called updates
  plain.on("playlist_updated", ({ update }) => update);
  // @ts-expect-error it is called error
  plain.on("playlist_error", ({ err }) => err);
  // @ts-expect-error it is called metrics
  plain.on("metric_update", ({ metriks }) => metriks);
  // @ts-expect-error it is called followers
  plain.on("follower_count_updated", ({ folowers }) => folowers);
  // @ts-expect-error it is called totalStreams
  plain.on("analytics_updated", ({ streams }) => streams);
  // @ts-expect-error it is called description
  plain.on("activity_logged", ({ text }) => text);

  // @ts-expect-error a member of a member
  plain.on("metric_update", ({ metrics }) => metrics?.meanScore);
  // @ts-expect-error a member of a member
  plain.on("playlist_updated", ({ updates }) => updates?.folowers);
  // @ts-expect-error a member of a member
  plain.on("batch_complete", ({ progress }) => progress?.succeded);
  // @ts-expect-error a member of another type
  plain.on("analytics_updated", ({ tracks }) => tracks?.toUpperCase());
  // @ts-expect-error one that need not be there
  plain.on("follower_count_updated", ({ followers }) => followers.toFixed());
}

/** The same: whichever way events are listened to, and with events of the app's own. */
export function ways(): void {
  plain.once("track_enriched", ({ score }) => score?.toFixed());
  // @ts-expect-error no such member
  plain.once("track_enriched", ({ trakName }) => trakName);
  // @ts-expect-error no such event
  plain.once("track_enrichd", () => {});
  const forget = (payload: P.TrackEnrichedPayload) => payload.trackId;
  plain.off("track_enriched", forget);
  // @ts-expect-error a listener of another event
  plain.off("metric_update", forget);

  const { useJobEvents } = react;
  useJobEvents("bulk_import_progress", ({ completed }) => completed?.toFixed());
  // @ts-expect-error no such member
  useJobEvents("bulk_import_progress", ({ compleeted }) => compleeted);
  // @ts-expect-error no such event
  useJobEvents("bulk_import_progres", () => {});
  svelte.useJobEvents("bulk_import_progress", ({ completed }) => completed?.toFixed());
  // @ts-expect-error no such member
  svelte.useJobEvents("bulk_import_progress", ({ compleeted }) => compleeted);
  // @ts-expect-error no such event
  svelte.useJobEvents("bulk_import_progres", () => {});

  // More of a known event.
  type More = P.JobEvents & { track_enriched: { mood?: string } };
  const client = null as unknown as JobsClient<More>;
  client.on("track_enriched", ({ mood, score }) => [mood?.length, score?.toFixed()]);
  // @ts-expect-error no such member
  client.on("track_enriched", ({ moood }) => moood);
  const checked = new JobsClient({
    url: "/",
    protocol: "broadcast",
    events: { metric_update: z.object({ metrics: z.object({ reach: z.number() }) }) },
  });
  checked.on("metric_update", ({ metrics: { reach } }) => reach.toFixed());
  // @ts-expect-error the validator makes no such member
  checked.on("metric_update", ({ playlistId }) => playlistId);
}

describe("payloads", () => {
  it("have no members but the named ones, but where the server repeats what it was told", () => {
    type Open<Events> = {
      [K in keyof Events]: string extends keyof NonNullable<Events[K]> ? K : never;
    }[keyof Events];
    expectTypeOf<Open<P.BroadcastEvents>>().toBeNever();
    type Repeated = "playback_play" | "playback_pause" | "update_performance_control";
    expectTypeOf<Open<P.JobEvents>>().toEqualTypeOf<Repeated>();
  });
});
