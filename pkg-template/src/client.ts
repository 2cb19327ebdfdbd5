/** The client: gives the core's messages a comfortable shape. Decides nothing about connections. */
import { createChannels, IDLE } from "./channels.js";
import { closedError, configError, JobsError } from "./errors.js";
import { openCore, preload } from "./host.js";
import { iterate } from "./iterate.js";
import { createJobs } from "./jobs.js";
import { isHidden, watchPage } from "./lifecycle.js";
import { wasmError } from "./loader.js";
import { Post } from "./messages.js";
import type { Attachment, Core, Message } from "./messages.js";
import { resolveOptions, wrongOption } from "./options.js";
import type { InvalidPayload, JobEvents } from "./payloads.js";
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
import { createGuard, quietly, rejected, textOf } from "./report.js";
import { createScheduler } from "./scheduler.js";
import type { Scheduler } from "./scheduler.js";
import type { StandardResult, StandardSchemaV1 } from "./standard-schema.js";
import { createCell, Want } from "./store.js";
import type { Cell } from "./store.js";
import type * as T from "./types.js";

/** Invalid events kept for inspection. */
const QUARANTINE = 100;

/** An error of the app's code may quote a credential; nothing that looks like one is repeated. */
const withoutSecrets = (error: unknown) => textOf(error).replace(/[\w.~+/=-]{16,}/g, "…");

export type Entities = ReadonlyMap<string, T.Entity>;

type Origin = Parameters<typeof toMeta>;

const jobEntities = new WeakMap<T.Job, T.Entity>();

/** A job as an entity, the same one while nothing in it changes, behind its id. */
function toEntity(job: T.Job): [string, T.Entity] {
  const { id, status, updatedAt, source } = job;
  let entity = jobEntities.get(job);
  if (!entity) jobEntities.set(job, (entity = { id, kind: "job", status, updatedAt, source, data: job }));
  return [id, entity];
}

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
  const { logger, onInvalid, polling, protocol, token } = options;
  const schemas = (options.events ?? {}) as Record<string, StandardSchemaV1>;
  const home = protocol === "socket.io" ? (options.namespace ?? "/") : "";
  const threw = (error: unknown) => log("error", "listener-threw", withoutSecrets(error));
  const guard = createGuard(isClosed, threw);
  // That all is over is what who watches a connection wants to know.
  const statusGuard = createGuard(() => false, threw);
  // A logger that throws must not be told about it.
  const loggerGuard = createGuard(isClosed);
  /** What the server tells of beside jobs, by kind; broadcast.ts fills them. */
  const entities = new Map<string, Cell<Entities>>();
  const isBroadcast = protocol === "broadcast";
  const isSlow = !!(options.worker || options.shareAcrossTabs);
  const frames = createScheduler(() => core?.(Post.Take, +isSlow), isSlow);
  const pending = new Map<number, { resolve: (value: never) => void; reject: (error: unknown) => void }>();
  const endings = new Set<(error: unknown) => void>();
  const invalid = new Map<string, number>();
  const quarantine: InvalidPayload[] = [];
  let queue: (Message | Attachment)[] = [];
  let core: Core | undefined;
  let loading: Promise<void> | undefined;
  let leavePage = () => {};
  /** Whether connecting was asked for, or declined by disconnect(). */
  let asked = false;
  let closed = false;
  let lastRid = 0;
  let lastSeq = 0;
  let watchers = 0;
  let secret = "";
  let newestRequest = 0;
  let validating = Promise.resolve();

  const { own, rooms, emit, say, channel } = createChannels<Events>(
    { post, ask, guard, statusGuard, isClosed, watchAll },
    home,
  );
  const jobs = createJobs({ post, ask }, frames, guard, isClosed, watchAll, (job) => {
    const { id: jobId, updatedAt: at, source } = job;
    emit(home, "job", job, { seq: lastSeq, at, source, jobId });
  });

  function isClosed(): boolean {
    return closed;
  }

  function watchAll(delta: 1 | -1): void {
    const before = watchers;
    watchers += delta;
    if (!before !== !watchers) post(Post.WatchAll, +(delta > 0));
  }

  /** Sends a message to the core, or keeps it until there is one. */
  function post(...given: Message | Attachment): void {
    if (closed) return;
    // What an app without types gives as a text may be none, and the glue would write it past the wasm's memory.
    const isText = (place: number) => place === 2 || place > 3;
    const message =
      given[0] === Post.Attach
        ? given
        : (given.map((value: unknown, place) =>
            value === undefined || value === null ? undefined : (isText(place) ? String : Number)(value),
          ) as Message);
    if (!asked && (given[0] < Post.Inspect || given[0] > Post.Audit)) {
      asked = true;
      post(Post.Connect, ++lastRid);
    }
    if (core) core(...message);
    else {
      queue.push(message);
      load();
    }
  }

  /** Sends a message that is answered. */
  function ask<R>(
    message: Message[0],
    ...args: Message extends [Post, number?, ...infer Rest] ? Rest : never
  ): Promise<R> {
    if (closed) return rejected(closedError());
    return quietly(
      new Promise((resolve, reject) => {
        pending.set(++lastRid, { resolve, reject });
        post(message, lastRid, ...args);
      }),
    );
  }

  function load(): Promise<void> {
    return (loading ??= quietly(
      new Promise((resolve, reject) => {
        endings.add(reject);
        open().then(resolve, (cause) => {
          const error = wasmError(cause);
          if (!closed) failed(error);
          reject(error);
        });
      }),
    ));
  }

  async function open(): Promise<void> {
    const values = config();
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
        isClosed,
        answer,
        ...tools,
        entities,
        frames,
        options,
        wrongOption,
      );
    }
    let isDead = false;
    const opened = await openCore(JSON.stringify(values), options, sink, (code, message, level = "warn") => {
      // A dead core dies again with whatever it is told, when another has taken its place.
      if (isDead) return;
      log(level, code, message);
      if (level !== "error" || closed) return;
      // Nothing will answer any more: what waits is told so.
      isDead = true;
      leavePage();
      core = undefined;
      failed(new JobsError("wasm", message, "Report it; reload the page.", false));
    });
    if (closed) return opened(Post.Shutdown);
    core = opened;
    leavePage = watchPage(opened);
    if (isHidden()) opened(Post.Hidden, 1);
    for (const message of queue.splice(0)) opened(...message);
  }

  /** What waits for an answer is told; what was wished for stays, for the next call to try again. */
  function failed(error: JobsError): void {
    loading = undefined;
    asked = false;
    queue = queue.filter(
      ([message]) => message <= Post.WatchAll || message === Post.Channel || message === Post.WatchEntities,
    );
    eachStatus(() => ({ ...IDLE, state: "failed", error }));
    settleAll(error);
  }

  function eachStatus(change: (status: T.ConnectionStatus) => T.ConnectionStatus): void {
    for (const { status } of rooms.values()) status.set(change(status.current));
  }

  function settleAll(error: JobsError): void {
    jobs.end(error, closed);
    for (const { reject } of pending.values()) reject(error);
    pending.clear();
  }

  /** Calls of the core, docs/core-messages.md. */
  const calls: ((n: number, value: never) => void)[] = [
    frames.dirty,
    (_, json: string) => read(JSON.parse(`[${json}]`)),
    giveToken,
    giveHeaders,
    (rid, value) => answer(rid)?.resolve(value),
  ];
  const sink = (kind: number, n: number, value: never) => closed || calls[kind]?.(n, value);

  /** Records of a batch, likewise. */
  const records: ((...values: never[]) => void)[] = [
    jobs.receive,
    (event: string, payload: unknown, ...origin: Origin) =>
      deliver(event, toOtherPayload(event, payload, !!origin[4]), toMeta(...origin)),
    (...now: Parameters<typeof toStatus>) => rooms.get(home)?.status.set(toStatus(...now)),
    (...entry: Parameters<typeof logEntry>) => write(logEntry(...entry)),
    // Most answers are one value; that of inspect() is several.
    (rid: number, ...values: never[]) =>
      answer(rid)?.resolve((values.length > 1 ? values : values[0]) as never),
    (rid: number, number: number, detail: string) => answer(rid)?.reject(problem(number, redact(detail))),
    (event: string, payload: unknown, ...origin: Origin) =>
      deliver(event, toKnownPayload(payload), toMeta(...origin)),
    (event: string, values: never[], ...origin: Origin) =>
      deliver(event, toPayload(event, values, origin[3], origin[2]), toMeta(...origin)),
  ];

  function read(batch: [number, ...never[]][]): void {
    for (const [kind, ...values] of batch) {
      if (closed) return;
      records[kind]?.(...values);
    }
    if (closed) return;
    jobs.settle();
    frames.settle();
  }

  /** Who waits for an answer. */
  function answer(rid: number) {
    const waiting = pending.get(rid);
    pending.delete(rid);
    return waiting;
  }

  /** Events with a validator pass it first; those of an asynchronous one stay in order among themselves. */
  function deliver(event: string, payload: unknown, meta: T.EventMeta, channel = home, name = event): void {
    const tell = (...told: [event: string, payload: unknown, meta: T.EventMeta]) => emit(channel, ...told);
    lastSeq = meta.seq;
    // A server may name its event like a member of every object.
    const schema = Object.hasOwn(schemas, event) && schemas[event];
    // What the core refused and passes on is known to be wrong.
    if (!schema || meta.invalid) return tell(event, payload, meta);
    const judge = (verdict?: { value?: unknown; issues?: InvalidPayload["issues"] | undefined }) => {
      if (closed) return;
      const { issues, value } = verdict ?? thrown("The validator said nothing.");
      if (!issues) return tell(event, value, meta);
      const { jobId } = meta;
      const code = "invalid-event";
      const reason = issues[0]?.message ?? "";
      const bad: InvalidPayload = { event, code, reason, payload, issues, ...(jobId && { jobId }) };
      invalid.set(name, (invalid.get(name) ?? 0) + 1);
      log("warn", code, `${name}: ${reason}`, jobId);
      if (onInvalid === "quarantine" && quarantine.push(bad) > QUARANTINE) quarantine.shift();
      emit(home, "invalid", bad, meta);
      if (channel !== home) tell("invalid", bad, meta);
      if (onInvalid === "pass") tell(event, payload, { ...meta, invalid: reason });
    };
    const thrown = (error: unknown) => ({ value: undefined, issues: [{ message: textOf(error) }] });
    let result: StandardResult<unknown> | Promise<StandardResult<unknown>>;
    try {
      result = schema["~standard"].validate(payload);
    } catch (error) {
      result = thrown(error);
    }
    if (result instanceof Promise) {
      const caught = result.catch(thrown);
      validating = validating.then(() => caught).then(judge);
    } else judge(result);
  }

  async function giveToken(request: number, refresh: boolean): Promise<void> {
    newestRequest = request;
    // A late answer to an older request is not in use.
    const keep = (value: string) => request === newestRequest && (secret = value);
    try {
      const given = await (typeof token === "function" ? token(refresh ? "refresh" : "connect") : token);
      if (typeof given !== "string" || !given) throw "The `token` function gave no token.";
      keep(given);
      core?.(Post.Token, request, given);
    } catch (error) {
      keep("");
      core?.(Post.TokenFailed, request, withoutSecrets(error));
    }
  }

  async function giveHeaders(request: number): Promise<void> {
    let headers = new Headers();
    try {
      if (polling) headers = new Headers(await polling.headers?.());
    } catch (error) {
      log("error", "headers-failed", withoutSecrets(error));
    }
    core?.(Post.Headers, request, JSON.stringify([...headers]));
  }

  function log(level: T.LogEntry["level"], code: string, message: string, jobId?: string): void {
    write({ level, code, message, at: Date.now(), ...(jobId && { jobId }) });
  }

  function write(entry: T.LogEntry): void {
    loggerGuard(() => logger?.({ ...entry, message: redact(entry.message) }));
  }

  /** The core never sees where the token goes; what the browser says about an address may still quote it. */
  const redact = (message: string) => (secret.length > 3 ? message.replaceAll(secret, "…") : message);

  const close = () => {
    if (closed) return;
    closed = true;
    core?.(Post.Shutdown);
    core = undefined;
    leavePage();
    frames.stop();
    settleAll(closedError());
    for (const end of endings) end(closedError());
    queue = [];
    secret = "";
    eachStatus((last) => ({ ...last, state: "closed" }));
  };

  return {
    ...own,
    get ready() {
      return closed && !loading ? rejected(closedError()) : load();
    },
    connect() {
      asked = true;
      return ask(Post.Connect);
    },
    disconnect() {
      asked = true;
      if (core) core(Post.Disconnect);
      else queue.push([Post.Disconnect]);
    },
    close,
    [Symbol.dispose]: close,
    events: ({ signal } = {}) => ({
      [Symbol.asyncIterator]() {
        const buffer: T.AnyEvent[] = [];
        return iterate(buffer, (wake, end) => {
          const finish = () => end();
          if (closed || signal?.aborted) finish();
          const undo = own.onAny((event, payload, meta) => {
            buffer.push({ event, payload, meta });
            wake();
          });
          endings.add(finish);
          signal?.addEventListener("abort", finish);
          return () => {
            undo();
            endings.delete(finish);
            signal?.removeEventListener("abort", finish);
          };
        });
      },
    }),
    job(id) {
      if (typeof id !== "string" || !id) throw configError("job() takes an id.", "Give a string.");
      return jobs.handle(id);
    },
    jobs: jobs.list,
    entities(plural) {
      const kind = plural.replace(/s$/, "");
      const known = entities.get(kind);
      if (known) return known;
      let leave = () => {};
      const cell = createCell<Entities>(new Map(), guard, (how) => {
        // Nobody says when he has looked for the last time.
        if (how === Want.Looked) return;
        if (kind === "job") {
          leave();
          if (how) leave = jobs.list().subscribe((all) => cell.set(new Map(all.map(toEntity))));
          // Other protocols tell of nothing beside jobs.
        } else if (isBroadcast) post(Post.WatchEntities, +!!how, kind);
      });
      entities.set(kind, cell);
      return cell;
    },
    channel,
    async audit() {
      // Lists, in the order of the core's rows.
      const rows = await ask<[string, ...number[]][]>(Post.Audit);
      return rows.map(([event, received = 0, passed = 0, bad = 0, listeners = 0, unhandled = 0, lastAt]) => {
        const wrong = invalid.get(event) ?? 0;
        // Another core, after one that died, has counted less than the page.
        const delivered = Math.max(0, passed - (onInvalid === "pass" ? 0 : wrong));
        return {
          event,
          received,
          delivered,
          invalid: bad + wrong,
          listeners,
          unhandled,
          ...(lastAt && { lastAt }),
        };
      });
    },
    async inspect() {
      const found = await ask<Parameters<typeof toInspection>>(Post.Inspect);
      return { ...toInspection(...found), quarantine: [...quarantine] };
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
  /** Every event of the default channel from now on, none lost between iterations; ends with the signal or the client. */
  events(options?: { signal?: AbortSignal }): AsyncIterable<T.AnyEvent>;
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
