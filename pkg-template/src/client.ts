/** The client: gives the core's messages a comfortable shape. Decides nothing about connections. */
import { createChannels, IDLE } from "./channels.js";
import { createCredentials, reasonOf } from "./credentials.js";
import { createEntityCell } from "./entities.js";
import type { Entities } from "./entities.js";
import { closedError, configError } from "./errors.js";
import type { JobsError } from "./errors.js";
import { DEFAULT_LIMIT, iterateEvents } from "./event-iterator.js";
import { openCore, preload } from "./host.js";
import { createJobs } from "./jobs.js";
import { createLink } from "./link.js";
import type { Session } from "./link.js";
import { createLogRate } from "./log-rate.js";
import { Post } from "./messages.js";
import type { Core } from "./messages.js";
import { resolveOptions, wrongOption } from "./options.js";
import type { JobEvents } from "./payloads.js";
import { LOGS, logEntry, problem, PROBLEMS } from "./problems.js";
import {
  given,
  toInspection,
  toJob,
  toKnownPayload,
  toMeta,
  toOtherPayload,
  toPayload,
  toStatus,
} from "./records.js";
import { createGuard, quietly, textOf } from "./report.js";
import { createScheduler } from "./scheduler.js";
import type { Scheduler } from "./scheduler.js";
import type { StandardSchemaV1 } from "./standard-schema.js";
import type { Cell } from "./store.js";
import type * as T from "./types.js";
import type { Validators } from "./validators.js";

export type { Entities };

type Origin = Parameters<typeof toMeta>;

/** The events that end a job, whatever the protocol. */
const ENDS = /^((enrichment_)?job_)?(completed|failed|error|cancelled)$/;

/** What a protocol's part of the facade takes from here: it imports nothing, so that it is one chunk and this another. */
const tools = [
  LOGS,
  PROBLEMS,
  toKnownPayload,
  toOtherPayload,
  given,
  problem,
  toJob,
  toMeta,
  toStatus,
] as const;
export type Tools = readonly [
  ...typeof tools,
  entities: ReadonlyMap<string, Cell<Entities>>,
  frames: Scheduler,
  options: Pick<T.JobsClientOptions, "map" | "intervals" | "path">,
  fault: typeof wrongOption,
];

function createClient<Events>(options: T.JobsClientOptions<Events>): JobsClient<Events> {
  const config = resolveOptions(options);
  const { logger, onInvalid, protocol } = options;
  const home = protocol === "socket.io" ? (options.namespace ?? "/") : "";
  const isBroadcast = protocol === "broadcast";
  const isSlow = !!(options.worker || options.shareAcrossTabs);
  const link = createLink({ start, failed });
  const { post, ask, isClosed } = link;
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
  const jobs = createJobs({ post, ask }, frames, guard, isClosed, watchAll, {
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
    const { createValidators } = await import("./validators.js");
    validators ??= createValidators({ schemas, onInvalid, home, emit, warn, isClosed, textOf });
  }

  /** Starts a core; what comes from it has an end with the session. */
  async function start(session: Session, died: (message: string) => void): Promise<Core> {
    const prepared = quietly(Promise.all([credentials.prepare(), prepareValidators()]));
    const values = config();
    const { isOver } = session;
    seqsBefore = lastSeq;
    const records = recordsOf();
    const calls = callsOf(session, records);
    const part = home ? import("./socketio.js") : isBroadcast && import("./broadcast.js");
    if (part) {
      const [{ equip }] = await Promise.all([part, preload(options)]);
      equip(
        home,
        values,
        calls,
        records,
        rooms,
        say,
        ask,
        deliver,
        isOver,
        link.answer,
        ...tools,
        entities,
        frames,
        options,
        wrongOption,
      );
    }
    await prepared;
    const sink = (kind: number, n: number, value: never) => isOver() || calls[kind]?.(n, value);
    const place = { ...options, secrets };
    return openCore(JSON.stringify(values), place, sink, (code, message, level = "warn") => {
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

  /** Calls of the core, docs/core-messages.md. */
  const callsOf = (
    session: Session,
    records: ReturnType<typeof recordsOf>,
  ): ((n: number, value: never) => void)[] => [
    frames.dirty,
    (_, json: string) => read(JSON.parse(`[${json}]`), records, session),
    (request, refresh) => void credentials.answers()?.giveToken(session, request, refresh),
    (request) => void credentials.answers()?.giveHeaders(session, request),
    (rid, value) => link.answer(rid)?.resolve(value),
  ];

  /** Records of a batch, likewise. */
  const recordsOf = (): ((...values: never[]) => void)[] => [
    jobs.receive,
    (event: string, payload: unknown, ...origin: Origin) =>
      deliver(event, toOtherPayload(event, payload, !!origin[4]), toMeta(...origin)),
    (...now: Parameters<typeof toStatus>) => rooms.get(home)?.status.set(toStatus(...now)),
    (...entry: Parameters<typeof logEntry>) => write(logEntry(...entry)),
    // Most answers are one value; that of inspect() is several.
    (rid: number, ...values: never[]) =>
      link.answer(rid)?.resolve((values.length > 1 ? values : values[0]) as never),
    (rid: number, number: number, detail: string) => link.answer(rid)?.reject(problem(number, detail)),
    (event: string, payload: unknown, ...origin: Origin) =>
      deliver(event, toKnownPayload(payload), toMeta(...origin)),
    (event: string, values: never[], ...origin: Origin) =>
      deliver(event, toPayload(event, values, origin[3], origin[2]), toMeta(...origin)),
  ];

  function read(
    batch: [number, ...never[]][],
    records: ReturnType<typeof recordsOf>,
    { isOver }: Session,
  ): void {
    for (const record of batch) {
      if (isOver()) return;
      const [kind, ...values] = secrets.cleanRecord(record);
      records[kind]?.(...values);
    }
    if (isOver()) return;
    jobs.settle();
    frames.settle();
  }

  function deliver(event: string, payload: unknown, meta: T.EventMeta, ...where: [string?, string?]): void {
    // The core before reported this end.
    if (ENDS.test(event) && jobs.hasEnded(meta.jobId)) return;
    lastSeq = meta.seq + seqsBefore;
    const [channel = home, name = event] = where;
    const own = seqsBefore ? { ...meta, seq: lastSeq } : meta;
    if (validators) validators.deliver(event, payload, own, channel, name);
    else emit(channel, event, payload, own);
  }

  function log(level: T.LogEntry["level"], code: string, message: string, jobId?: string): void {
    write({ level, code, message, at: Date.now(), ...(jobId && { jobId }) });
  }

  /** What a server can cause with every event. */
  function logOften(...[level, code, message, jobId]: Parameters<typeof log>): void {
    const hushed = rate();
    if (hushed === undefined) return;
    write({ level, code, message, at: Date.now(), ...(jobId && { jobId }), ...(hushed && { hushed }) });
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
        // Another core, after one that died, has counted less than the page.
        const delivered = Math.max(0, passed - (onInvalid === "pass" ? 0 : wrong));
        const invalid = bad + wrong;
        return {
          event: secrets.redact(event),
          received,
          delivered,
          invalid,
          listeners,
          unhandled,
          ...(lastAt && { lastAt }),
        };
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
