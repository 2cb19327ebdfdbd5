/** The client: gives the core's messages a comfortable shape. Decides nothing about connections. */
import type { Adapter, Deliver, Protocol, Readers } from "../protocols/adapter.js";
import { createChannels, IDLE } from "../channels/channels.js";
import { createCredentials, reasonOf } from "./credentials.js";
import { createEntityCell } from "../entities/entities.js";
import type { Entities } from "../entities/entities.js";
import { closedError, configError } from "../errors.js";
import type { JobsError } from "../errors.js";
import { DEFAULT_LIMIT, iterateEvents } from "./event-iterator.js";
import { openCore, preload } from "../runtime/host.js";
import { createJobs } from "../jobs/jobs.js";
import { createLink } from "../runtime/link.js";
import type { Session } from "../runtime/link.js";
import { createLogRate } from "./log-rate.js";
import { Kind, Post, Rec } from "../wire/messages.js";
import type { Core, Sink } from "../wire/messages.js";
import { resolveOptions, wrongOption } from "./options.js";
import type { JobEvents } from "../channels/payloads.js";
import { createWording } from "../wire/problems.js";
import type { LogFields, Wording } from "../wire/problems.js";
import {
  given,
  toInspection,
  toKnownPayload,
  toMeta,
  toOtherPayload,
  toPayload,
  toStatus,
} from "../wire/records.js";
import type { EventFields, StatusFields } from "../wire/records.js";
import { createGuard, quietly, textOf } from "../store/report.js";
import { createScheduler } from "../store/scheduler.js";
import type { StandardSchemaV1 } from "../channels/standard-schema.js";
import type { Cell } from "../store/store.js";
import type * as T from "../types.js";
import type { Validators } from "../channels/validators.js";

/** The events that end a job, whatever the protocol. */
const ENDS = /^((enrichment_)?job_)?(completed|failed|error|cancelled)$/;

interface LogDetails {
  jobId: string | undefined;
  /** Entries left out before this one, where there are any. */
  hushed: number | undefined;
}

function createClient<Events>(options: T.JobsClientOptions<Events>): JobsClient<Events> {
  const config = resolveOptions(options);
  const { logger, onInvalid, protocol } = options;
  const home = protocol === "socket.io" ? (options.namespace ?? "/") : "";
  const isBroadcast = protocol === "broadcast";
  const isSlow = !!(options.worker || options.shareAcrossTabs);
  const link = createLink({ start, failed });
  const { post, ask, answer, isClosed } = link;
  const rate = createLogRate();
  const threw = (error: unknown) => logOften("error", "listener-threw", reasonOf(error, secrets));
  const guard = createGuard(isClosed, threw);
  // That all is over is what who watches a connection wants to know.
  const statusGuard = createGuard(() => false, threw);
  // A logger that throws must not be told about it.
  const loggerGuard = createGuard(isClosed);
  /** What the server reports beside jobs, by kind. */
  const entities = new Map<string, Cell<Entities>>();
  const frames = createScheduler(() => link.take(isSlow), isSlow);
  const endings = new Set<() => void>();
  const credentials = createCredentials(options, (code, message) => log("error", code, message));
  const { secrets } = credentials;
  let watchers = 0;
  let lastSeq = 0;
  /** By how much this core's numbers of events are behind those of the cores before. */
  let seqsBefore = 0;
  /** When a core died. */
  let lostAt = 0;
  /** Whether a connection was lost with it that is not there again. */
  let isLost = false;
  let isFullLoggedAt = -Infinity;
  /** Where the app has any, from the first core on. */
  let validators: Validators | undefined;

  const { own, rooms, emit, say, channel } = createChannels<Events>(
    { post, ask, guard, statusGuard, isClosed, watchAll },
    home,
  );
  const jobs = createJobs({
    post,
    ask,
    frames,
    guard,
    isClosed,
    watchAll,
    changed(job) {
      const { id: jobId, updatedAt: at, source } = job;
      emit(home, "job", job, { seq: lastSeq, at, source, jobId });
    },
    resumed({ id: jobId, source }) {
      emitOwn("gap", { jobId, from: lostAt, to: Date.now(), healed: true }, { source, jobId });
    },
  });
  own.connection.subscribe(resume);

  function watchAll(delta: 1 | -1): void {
    const before = watchers;
    watchers += delta;
    if (!before !== !watchers) post(Post.WatchAll, +(delta > 0));
  }

  /** An event that no core reports. */
  function emitOwn(event: string, payload: unknown, origin: Pick<T.EventMeta, "source" | "jobId">): void {
    emit(home, event, payload, { seq: lastSeq, at: Date.now(), ...origin });
  }

  /** Only pages that have validators download what asks them. */
  async function prepareValidators(): Promise<void> {
    if (!options.events || validators) return;
    const schemas = options.events as Record<string, StandardSchemaV1>;
    const warn = (code: string, message: string, jobId?: string) => logOften("warn", code, message, jobId);
    const { createValidators } = await import("../channels/validators.js");
    validators ??= createValidators({ schemas, onInvalid, home, emit, warn, isClosed, textOf });
  }

  /** Starts a core; what comes from it has an end with the session. */
  async function start(session: Session, died: (message: string) => void): Promise<Core> {
    const prepared = quietly(Promise.all([credentials.prepare(), prepareValidators()]));
    const { isOver } = session;
    seqsBefore = lastSeq;
    const protocol: Promise<Protocol> | undefined = home
      ? import("../protocols/socketio.js")
      : isBroadcast
        ? import("../protocols/broadcast.js")
        : undefined;
    const [part] = await Promise.all([protocol, protocol && preload(options)]);
    const wording = createWording(part?.words);
    const { problem } = wording;
    const values = config();
    const adapter = part?.createAdapter({
      ...{ config: values, options, home, rooms, say, ask, answer, deliver, isOver, problem },
      ...{ entities, frames, wrongOption, given, toKnownPayload, toMeta, toOtherPayload, toStatus },
    });
    const handle = createHandler(session, createReaders(wording, adapter), adapter);
    await prepared;
    const sink: Sink = (kind, n, value) => isOver() || handle(kind, n, value);
    const place = { ...options, secrets };
    return openCore(adapter?.config ?? values, place, sink, (code, message, level = "warn") => {
      if (isOver()) return;
      log(level, code, message);
      if (level === "error") died(message);
    });
  }

  /** There is no core any more. */
  function failed(error: JobsError): void {
    const { state } = own.connection.current;
    isLost ||= /open|polling/.test(state);
    if (state !== "failed") lostAt = Date.now();
    jobs.end(error, false);
    jobs.renew();
    frames.settle();
    for (const [name, { status, users }] of rooms) {
      const { everConnected } = status.current;
      // Its last user has gone, and nobody says any more that it closed.
      if (!users.size) rooms.delete(name);
      status.set({ ...IDLE, everConnected, state: "failed", error });
    }
  }

  /** The connection is there again, after one was lost with its core. */
  function resume({ state, transport = "websocket" }: T.ConnectionStatus): void {
    if (!isLost || !/open|polling/.test(state)) return;
    isLost = false;
    const source = state === "polling" ? "polling" : "socket";
    emitOwn("reconnected", { attempts: 0, downMs: Date.now() - lostAt, transport }, { source });
  }

  /** What a core calls, docs/core-messages.md. */
  const createHandler =
    (session: Session, readers: Readers, adapter?: Adapter): Sink =>
    (kind, n, value) => {
      if (kind === Kind.Dirty) frames.dirty();
      else if (kind === Kind.Batch) read(JSON.parse(`[${value}]`), readers, session);
      else if (kind === Kind.Token) void credentials.answers()?.giveToken(session, n, value);
      else if (kind === Kind.Headers) void credentials.answers()?.giveHeaders(session, n);
      else if (kind === Kind.Reply) answer(n)?.resolve(value);
      else adapter?.attach?.(n, value);
    };

  const createReaders = ({ problem, logEntry }: Wording, adapter?: Adapter): Readers => ({
    [Rec.Job]: jobs.receive,
    [Rec.Event]: ([event, payload, ...origin]: EventFields) =>
      deliver(event, toOtherPayload(event, payload, !!origin[4]), toMeta(origin)),
    [Rec.Status]: (now: StatusFields) => rooms.get(home)?.status.set(toStatus(now, problem)),
    [Rec.Log]: (entry: LogFields) => write(logEntry(entry)),
    // Most answers are one value; that of inspect() is several.
    [Rec.Answer]: ([rid, ...values]: [number, ...never[]]) =>
      answer(rid)?.resolve((values.length > 1 ? values : values[0]) as never),
    [Rec.Refusal]: ([rid, number, detail]: [number, number, string]) =>
      answer(rid)?.reject(problem(number, detail)),
    [Rec.Server]: ([event, payload, ...origin]: EventFields) =>
      deliver(event, toKnownPayload(payload), toMeta(origin)),
    [Rec.Own]: ([event, values, ...origin]: EventFields<unknown[]>) =>
      deliver(event, toPayload(event, values, origin, adapter?.endOf), toMeta(origin)),
    ...adapter?.readers,
  });

  function read(batch: [Rec, ...never[]][], readers: Readers, { isOver }: Session): void {
    for (const record of batch) {
      if (isOver()) return;
      const [kind, ...fields] = secrets.cleanRecord(record);
      readers[kind]?.(fields as never);
    }
    if (isOver()) return;
    jobs.settle();
    frames.settle();
  }

  const deliver: Deliver = (event, payload, meta, place = { channel: home, name: event }) => {
    // The core before reported this end.
    if (ENDS.test(event) && jobs.hasEnded(meta.jobId)) return;
    lastSeq = meta.seq + seqsBefore;
    const own = seqsBefore ? { ...meta, seq: lastSeq } : meta;
    if (validators) validators.deliver(event, payload, own, place);
    else emit(place.channel, event, payload, own);
  };

  function log(level: T.LogEntry["level"], code: string, message: string, more?: LogDetails): void {
    write(given<T.LogEntry>({ level, code, message, at: Date.now(), ...more }));
  }

  /** What a server can cause with every event. */
  function logOften(level: T.LogEntry["level"], code: string, message: string, jobId?: string): void {
    const hushed = rate();
    if (hushed !== undefined) log(level, code, message, { jobId, hushed: hushed || undefined });
  }

  function write(entry: T.LogEntry): void {
    loggerGuard(() => logger?.({ ...entry, message: secrets.redact(entry.message) }));
  }

  /** Nobody takes the events of an iterator. */
  function full(): void {
    const now = performance.now();
    if (now - isFullLoggedAt < 1000) return;
    isFullLoggedAt = now;
    log("warn", "events-dropped", "events() drops the oldest events: nobody takes them. Raise `limit`.");
  }

  const close = () => {
    if (!link.close()) return;
    frames.stop();
    jobs.end(closedError(), true);
    for (const end of endings) end();
    secrets.clear();
    for (const { status } of rooms.values()) status.set({ ...status.current, state: "closed" });
  };

  return {
    ...own,
    get ready() {
      return link.load();
    },
    connect: link.connect,
    disconnect: link.disconnect,
    close,
    [Symbol.dispose]: close,
    events({ signal, limit = DEFAULT_LIMIT } = {}) {
      if (!Number.isSafeInteger(limit) || limit < 1) throw wrongOption("limit", "a whole number above 0");
      const endWith = (end: () => void) => {
        if (isClosed()) end();
        endings.add(end);
        return () => endings.delete(end);
      };
      return {
        [Symbol.asyncIterator]: () => iterateEvents({ limit, signal, listen: own.onAny, endWith, full }),
      };
    },
    job(id) {
      if (typeof id !== "string" || !id) throw configError("job() takes an id.", "Give a string.");
      return jobs.handle(id);
    },
    jobs: jobs.list,
    entities(plural) {
      const kind = plural.replace(/s$/, "");
      let cell = entities.get(kind);
      // Other protocols report nothing beside jobs.
      if (!cell)
        entities.set(kind, (cell = createEntityCell(kind, guard, jobs, isBroadcast ? post : undefined)));
      return cell;
    },
    channel,
    async audit() {
      // Lists, in the order of the core's rows.
      const rows = await ask<[string, ...number[]][]>(Post.Audit);
      return rows.map(([event, received = 0, passed = 0, bad = 0, listeners = 0, unhandled = 0, lastAt]) => {
        const wrong = validators?.refused(event) ?? 0;
        return given<T.AuditRow>({
          event: secrets.redact(event),
          received,
          // Another core, after one that died, has counted less than the page.
          delivered: Math.max(0, passed - (onInvalid === "pass" ? 0 : wrong)),
          invalid: bad + wrong,
          listeners,
          unhandled,
          lastAt: lastAt || undefined,
        });
      });
    },
    async inspect() {
      const found = await ask<Parameters<typeof toInspection>>(Post.Inspect);
      return { ...toInspection(...found), quarantine: secrets.clean(validators?.quarantine() ?? [], true) };
    },
  };
}

/** A client of one server. Its methods may be taken off it: they need no `this`. */
export interface JobsClient<Events = JobEvents> extends T.Listening<Events>, T.Talking {
  /** Resolves when the core is loaded; asking for it starts the loading. After a failure, asking again tries again. */
  readonly ready: Promise<void>;
  /** `current` tells the state at any time; changes are told at once. */
  readonly connection: T.Store<T.ConnectionStatus>;
  /**
   * Resolves when there is a connection, or polling in its place. Also implied by following a job, listening and
   * sending, unless disconnect() was called.
   */
  connect(): Promise<void>;
  /** Closes every connection. Only connect() opens them again. */
  disconnect(): void;
  /**
   * Final and idempotent: who watches a connection is told `closed`, nothing is delivered afterwards, and what still
   * waits rejects with `closed`.
   */
  close(): void;
  [Symbol.dispose](): void;
  /**
   * Every event of the default channel from now on, none lost between iterations; ends with the signal or the client. Of
   * events that nobody has taken yet the last `limit` are kept (default 10000). Where older ones were dropped stands an
   * event `gap` whose payload ({@link GapPayload}) has `dropped`, their number; gaps of a connection have none.
   */
  events(options?: { signal?: AbortSignal; limit?: number }): AsyncIterable<T.AnyEvent>;
  job(id: string): T.JobHandle;
  /** The known jobs that pass the filter. The same array while nothing in it changed. */
  jobs(filter?: T.JobFilter): T.Store<readonly T.Job[]>;
  /**
   * `broadcast`: what the server tells of, by id: each `track`, each `playlist`, each `job` (or `tracks`, `playlists`,
   * `jobs`). The same map while nothing in it changed. They are followed while somebody subscribes; `current` is what was
   * known then. Other protocols tell of nothing beside jobs.
   */
  entities(kind: string): T.Store<ReadonlyMap<string, T.Entity>>;
  /**
   * One more user of a namespace, over the same connection; the default one is that of the client's own methods. Throws
   * JobsError `config` where the protocol has no channels, as `stream`, which has no request() either.
   */
  channel(name: string): T.Channel<Events>;
  /** Per event: how many came, were delivered, were wrong, and who listens. */
  audit(): Promise<T.AuditRow[]>;
  /** The state of everything, for people who look for a fault. Secrets are left out. */
  inspect(): Promise<T.Inspection>;
}

interface JobsClientConstructor {
  /**
   * Checks the options and nothing else: no I/O, no wasm. Throws JobsError `config`. Events that have a validator in
   * `events` need no types beside it.
   */
  new <Schemas extends T.EventSchemas>(options: T.OptionsWith<Schemas>): JobsClient<T.EventsOf<Schemas>>;
  new <Events = JobEvents>(options: T.JobsClientOptions<Events>): JobsClient<Events>;
  readonly prototype: JobsClient<never>;
}

// Closures instead of a class with private fields: a third smaller once minified.
export const JobsClient = function (options: T.JobsClientOptions) {
  return Object.setPrototypeOf(createClient(options), new.target.prototype) as object;
} as unknown as JobsClientConstructor;
