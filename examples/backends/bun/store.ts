/** Jobs and tracks in SQLite: the server writes new ones, the worker writes how they fare. */
import { Database } from "bun:sqlite";
import { mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Analysis } from "./analysis.mjs";

export type JobStatus = "queued" | "processing" | "completed" | "failed";
export type TrackStatus = "pending" | "analyzed" | "failed";

export interface Track {
  readonly trackId: string;
  readonly name: string;
  readonly status: TrackStatus;
  readonly error?: string;
  readonly analysis?: Analysis;
}

export interface Progress {
  readonly tracksProcessed: number;
  readonly tracksSucceeded: number;
  readonly tracksFailed: number;
  /** Left out where a job was made without. */
  readonly total?: number;
}

export interface Options {
  /** Least time of a track, ms. */
  readonly pace: number;
  /** Whether the job fails after its first batch. */
  readonly fail: boolean;
  /** Whether its progress tells the total. */
  readonly total: boolean;
}

export interface Job {
  readonly jobId: number;
  readonly status: JobStatus;
  readonly options: Options;
  readonly timestamp: string;
}

interface JobRow {
  id: number;
  status: JobStatus;
  options: string;
  changed: string;
}

interface TrackRow {
  id: number;
  name: string;
  status: TrackStatus;
  error: string | null;
  analysis: string | null;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS jobs (id INTEGER PRIMARY KEY, status TEXT NOT NULL, options TEXT NOT NULL,
    changed TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS tracks (id INTEGER PRIMARY KEY AUTOINCREMENT, job INTEGER NOT NULL REFERENCES jobs,
    name TEXT NOT NULL, status TEXT NOT NULL DEFAULT 'pending', error TEXT, analysis TEXT);
  CREATE INDEX IF NOT EXISTS tracks_of_job ON tracks (job);
`;

const KEPT_JOBS = 1_000;

const now = () => new Date().toISOString();

function toJob({ id, status, options, changed }: JobRow): Job {
  return { jobId: id, status, options: JSON.parse(options), timestamp: changed };
}

function toTrack({ id, name, status, error, analysis }: TrackRow): Track {
  return {
    trackId: String(id),
    name,
    status,
    ...(error === null ? {} : { error }),
    ...(analysis === null ? {} : { analysis: JSON.parse(analysis) }),
  };
}

export class Store {
  readonly #database: Database;
  readonly #recordings: string;

  constructor(folder: string) {
    this.#recordings = join(folder, "recordings");
    mkdirSync(this.#recordings, { recursive: true });
    this.#database = new Database(join(folder, "jobs.sqlite"), { create: true, strict: true });
    // The server and the worker use it at the same time.
    this.#database.exec("PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 5000;");
    this.#database.exec(SCHEMA);
  }

  recordingOf(trackId: string): string {
    return join(this.#recordings, `${trackId}.wav`);
  }

  /** Of all recordings that are still to be analysed. */
  recordedBytes(): number {
    const sizeOf = (name: string) =>
      statSync(join(this.#recordings, name), { throwIfNoEntry: false })?.size ?? 0;
    return readdirSync(this.#recordings).reduce((sum, name) => sum + sizeOf(name), 0);
  }

  /** The job is not queued before `enqueue`, so that its recordings can be put where they belong. */
  create(names: readonly string[], options: Options): { jobId: number; tracks: Track[] } {
    const create = this.#database.transaction(() => {
      const last = this.#database
        .query<{ id: number | null }, []>("SELECT max(id) AS id FROM jobs")
        .get()?.id;
      // The time, so that the ids of a server that has forgotten everything are new ones.
      const jobId = Math.max(Date.now(), (last ?? 0) + 1);
      const insertJob = this.#database.query("INSERT INTO jobs VALUES (?, 'receiving', ?, ?)");
      insertJob.run(jobId, JSON.stringify(options), now());
      const insertTrack = this.#database.query("INSERT INTO tracks (job, name) VALUES (?, ?)");
      for (const name of names) insertTrack.run(jobId, name);
      this.#forgetOldest();
      return { jobId, tracks: this.tracks(jobId) };
    });
    // From its beginning: one that reads first is refused where the worker writes meanwhile.
    return create.immediate();
  }

  forget(jobId: number): void {
    this.#database.transaction(() => {
      this.#database.query("DELETE FROM tracks WHERE job = ?").run(jobId);
      this.#database.query("DELETE FROM jobs WHERE id = ?").run(jobId);
    })();
  }

  enqueue(jobId: number): void {
    this.setStatus(jobId, "queued");
  }

  job(jobId: number): Job | undefined {
    const row = this.#database
      .query<JobRow, [number]>("SELECT * FROM jobs WHERE id = ? AND status <> 'receiving'")
      .get(jobId);
    return row ? toJob(row) : undefined;
  }

  /** The next job that is not done, one that was interrupted first. */
  next(): Job | undefined {
    const row = this.#database
      .query<JobRow, []>(
        "SELECT * FROM jobs WHERE status IN ('processing', 'queued') ORDER BY status = 'queued', id LIMIT 1",
      )
      .get();
    return row ? toJob(row) : undefined;
  }

  tracks(jobId: number): Track[] {
    return this.#database
      .query<TrackRow, [number]>("SELECT * FROM tracks WHERE job = ? ORDER BY id")
      .all(jobId)
      .map(toTrack);
  }

  progress({ jobId, options }: Job): Progress {
    const statuses = this.tracks(jobId).map(({ status }) => status);
    const count = (wanted: TrackStatus) => statuses.filter((status) => status === wanted).length;
    return {
      tracksProcessed: statuses.length - count("pending"),
      tracksSucceeded: count("analyzed"),
      tracksFailed: count("failed"),
      ...(options.total ? { total: statuses.length } : {}),
    };
  }

  setStatus(jobId: number, status: JobStatus): void {
    this.#database.query("UPDATE jobs SET status = ?, changed = ? WHERE id = ?").run(status, now(), jobId);
  }

  analyzed(trackId: string, analysis: Analysis): void {
    const update = this.#database.query("UPDATE tracks SET status = 'analyzed', analysis = ? WHERE id = ?");
    update.run(JSON.stringify(analysis), Number(trackId));
  }

  failed(trackId: string, error: string): void {
    const update = this.#database.query("UPDATE tracks SET status = 'failed', error = ? WHERE id = ?");
    update.run(error, Number(trackId));
  }

  /** Of the jobs that have ended only the newest are kept. */
  #forgetOldest(): void {
    const ended = this.#database.query<{ id: number }, [number]>(
      "SELECT id FROM jobs WHERE status IN ('completed', 'failed') ORDER BY id DESC LIMIT -1 OFFSET ?",
    );
    for (const { id } of ended.all(KEPT_JOBS)) this.forget(id);
  }

  close(): void {
    this.#database.close();
  }
}
