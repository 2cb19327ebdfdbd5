/** Records of the core as the app sees them: lists become objects, numbers words. See docs/core-messages.md. */
import type { Problem } from "./problems.js";
import { resultUrlOf, withSafeResultUrls } from "../jobs/result-url.js";
import type * as T from "../types.js";

type Maybe<V> = V | null | undefined;

const STATUSES = ["unknown", "queued", "running", "completed", "failed", "cancelled"] as const;
const SOURCES = ["socket", "polling", "tab"] as const;
const TRANSPORTS = ["websocket", "polling", "tab"] as const;
const STATES = ["idle", "connecting", "open", "waiting", "polling", "suspended", "failed", "closed"] as const;
const LINKS = ["token", "connecting", "open", "waiting", "down"] as const;
const SERVERS = ["none", "socket", "polling"] as const;
const QUEUES = "outgoing outgoingBytes reading readsInLine jobsInLine reminders overflowed".split(" ");
const COUNTERS = (
  "frames bytes events invalid late duplicates afterEnd stale opened reconnected handshakeTimeouts " +
  "silences wakes reads failedReads expired refusedJobs forgottenJobs cutTexts forgottenEntities " +
  "leftOutMembers unkeptEvents unnamedEvents droppedReplies"
).split(" ");

const isGiven = (value: unknown) => value !== null && value !== undefined;

/** Without the members that are null. */
export const given = <O extends object>(object: { [K in keyof O]: Maybe<O[K]> }): O => {
  const made: Partial<Record<keyof O, unknown>> = {};
  for (const name in object) if (isGiven(object[name])) made[name] = object[name];
  return made as O;
};

export type JobFields = [
  id: string,
  status: number,
  progress: Maybe<number>,
  attempt: number,
  updatedAt: number,
  source: number,
  stale: number,
  etaMs: Maybe<number>,
  durationSeconds: Maybe<number>,
  stage: Maybe<string>,
  message: Maybe<string>,
  resultUrl: Maybe<string>,
  failure?: Maybe<string>,
  retryable?: number,
  failedStage?: Maybe<string>,
  total?: Maybe<number>,
  processed?: Maybe<number>,
  succeeded?: Maybe<number>,
  failed?: Maybe<number>,
];

/** Written out, member by member: this runs for every changed job of every frame. */
export const toJob = (fields: JobFields): T.Job => {
  const [id, status, progress, attempt, updatedAt, source, stale, etaMs, durationSeconds, ...more] = fields;
  const [stage, message, resultUrl, failure, retryable, failedStage, total, processed, succeeded, failed] =
    more;
  const job = {
    id,
    status: STATUSES[status],
    attempt,
    updatedAt,
    source: SOURCES[source],
    stale: !!stale,
  } as { -readonly [K in keyof T.Job]: T.Job[K] };
  if (isGiven(progress)) job.progress = progress;
  if (isGiven(stage)) job.stage = stage;
  if (isGiven(message)) job.message = message;
  if (isGiven(resultUrl)) Object.assign(job, resultUrlOf(resultUrl));
  if (isGiven(durationSeconds)) job.durationSeconds = durationSeconds;
  if (isGiven(failure)) {
    job.error = given({ message: failure, retryable: !!retryable, stage: failedStage });
  }
  if (isGiven(processed)) job.counts = given({ total, processed, succeeded, failed });
  if (isGiven(etaMs)) job.etaMs = etaMs;
  return job;
};

/** What an event's record has behind its name and payload. */
export type Origin = [seq: number, at: number, source: number, jobId: Maybe<string>, invalid: Maybe<string>];

export type EventFields<Payload = unknown> = [event: string, payload: Payload, ...Origin];

export const toMeta = ([seq, at, source, jobId, invalid]: Origin): T.EventMeta =>
  given<T.EventMeta>({ seq, at, source: SOURCES[source], jobId, invalid } as T.EventMeta);

/** Makes the payload of the end of a job. */
export type EndOf = (job: T.Job) => object;

/** The payload of an event that is the core's own. `endOf`: what the protocol has for ends of jobs. */
export const toPayload = (
  event: string,
  values: unknown[],
  [, , source, jobId]: Origin,
  endOf?: EndOf,
): object => {
  const [, first, second, third, fourth] = values;
  if (event === "gap") return { jobId, from: first, to: second, healed: !!third };
  if (event === "reconnected")
    return {
      attempts: first,
      downMs: second,
      // What another tab tells has that for its transport, whatever carries it there.
      transport: TRANSPORTS[source || +!!third],
      ...((fourth as boolean) && { recovered: true }),
    };
  if (event === "invalid") return given({ event: first, code: second, reason: third, raw: fourth });
  // The end of a job that a read found, as the server's own event would have told it.
  const job = toJob(values as JobFields);
  if (endOf) return given(endOf(job));
  const { status, message, resultUrl, unsafeResultUrl, durationSeconds, error } = job;
  return given({
    type: event,
    jobId,
    error:
      status === "failed" ? (error ?? { message: message ?? "The job failed.", retryable: false }) : null,
    ...(status === "completed" && { progress: 100, resultUrl, unsafeResultUrl, durationSeconds }),
  });
};

export type StatusFields = [
  state: number,
  attempt: number,
  everConnected: number,
  nextRetryAt: Maybe<number>,
  lastMessageAt: Maybe<number>,
  error: number,
  carrier?: number,
  /** What the server said of the problem: for channels of Socket.IO. */
  message?: Maybe<string>,
  data?: unknown,
  rttMs?: Maybe<number>,
];

export const toStatus = (fields: StatusFields, problem: Problem): T.ConnectionStatus => {
  const [state, attempt, everConnected, nextRetryAt, lastMessageAt, error, carrier, message, data, rttMs] =
    fields;
  const cause = given({ message, data });
  return given<T.ConnectionStatus>({
    state: STATES[state],
    transport: state === 2 || state === 4 ? TRANSPORTS[carrier || +(state === 4)] : null,
    attempt,
    everConnected: !!everConnected,
    nextRetryAt,
    lastMessageAt,
    rttMs,
    error: error ? problem(error, message ?? "", Object.keys(cause).length ? cause : undefined) : null,
  } as T.ConnectionStatus);
};

/** Whether a name of any member has an underscore. */
const isSnake = (value: unknown): boolean => {
  if (typeof value === "object")
    for (const name in value) if (name.includes("_") || isSnake(value[name as never])) return true;
  return false;
};

/**
 * With the names of all members turned from `snake_case` to `camelCase`; underscores at the ends stay. What needs no
 * change is not copied: this runs for every event of every frame.
 */
const camelized = (value: unknown): unknown =>
  !isSnake(value)
    ? value
    : Array.isArray(value)
      ? value.map(camelized)
      : Object.fromEntries(
          Object.entries(value as object).map(([name, member]) => [
            // No lookbehind: where a browser does not know it, nothing of the app would run.
            name.replace(/(^_+|__+)|_([^_])/g, (_, kept: string, next: string) => kept ?? next.toUpperCase()),
            camelized(member),
          ]),
        );

/** The payload, or the list of arguments, of an event that the core knows. */
export const toKnownPayload = (value: unknown): unknown => withSafeResultUrls(camelized(value));

/** Built-in events that name results. Not every protocol, nor every channel of Socket.IO, has the core know them. */
const RESULT_EVENTS = /^(progress|completed|jobs_list|bulk_import_progress|(enrichment_)?job_\w+)$/;

/** The same of any other event: of the app's own ones it is what the server sent. */
export const toOtherPayload = (event: string, value: unknown, isInvalid: boolean): unknown =>
  isInvalid || RESULT_EVENTS.test(event) ? withSafeResultUrls(value) : value;

/** A list without its first element, as rows of so many elements. */
const rows = <R>([, ...flat]: unknown[], width: number, row: (values: never[]) => object): R => {
  const made: unknown[] = [];
  for (let at = 0; at < flat.length; at += width)
    made.push(given(row(flat.slice(at, at + width) as never[])));
  return made as R;
};

const named = (names: readonly string[], numbers: readonly number[]) =>
  Object.fromEntries(names.map((name, place) => [name, numbers[place] ?? 0]));

export const toInspection = (
  [, state, jobs, ...figures]: [number, number, number, ...number[]],
  links: unknown[],
  followed: unknown[],
  history: unknown[],
): Omit<T.Inspection, "quarantine"> => ({
  state: STATES[state] as T.ConnectionStatus["state"],
  jobs,
  connections: rows(links, 4, ([jobId, link, attempt, silentForMs]) => ({
    jobId,
    state: LINKS[link],
    attempt,
    silentForMs,
  })),
  subscriptions: rows(followed, 3, ([jobId, server, followers]) => ({
    jobId,
    servedBy: SERVERS[server],
    followers,
  })),
  queues: named(QUEUES, figures),
  counters: named(COUNTERS, figures.slice(QUEUES.length)),
  history: rows(history, 5, ([seq, at, event, payload, invalid]) => ({ seq, at, event, payload, invalid })),
});
