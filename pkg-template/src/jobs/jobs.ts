/** Jobs as the app sees them: one cached entry an id, handles and filtered lists over it. */
import { createContinuity, isTerminal } from "./continuity.js";
import type { Continuity } from "./continuity.js";
import { closedError } from "../errors.js";
import { createIdleList } from "./idle-list.js";
import type { Idle } from "./idle-list.js";
import { iterate } from "../store/iterate.js";
import { Post } from "../wire/messages.js";
import type { Core } from "../wire/messages.js";
import { toJob } from "../wire/records.js";
import type { JobFields } from "../wire/records.js";
import type { Guard } from "../store/report.js";
import type { Scheduler } from "../store/scheduler.js";
import { createCell, Want } from "../store/store.js";
import type { Cell } from "../store/store.js";
import type { Job, JobFilter, JobHandle, Store } from "../types.js";

/** Most jobs remembered; above it the one that nobody has followed for longest is forgotten. */
const MAX_JOBS = 10_000;
/** Characters of ids and texts of all of them, likewise. */
const MAX_CHARACTERS = 16 << 20;

interface Entry extends Idle<Entry> {
  cell: Cell<Job>;
  /** The newest snapshot; `cell.current` is the one subscribers were told. */
  latest: Job;
  known: boolean;
  /** Those who want it followed. */
  users: number;
  /** How it goes on, where it was known before the core died. */
  before?: Continuity;
  flush: () => void;
}

/** A filtered list that somebody subscribes to. */
interface List {
  update: () => void;
}

interface Surroundings {
  post: Core;
  /** Sends a message that is answered. */
  ask<T>(message: Post, text: string): Promise<T>;
  frames: Scheduler;
  guard: Guard;
  isClosed(): boolean;
  /** One more (+1) or one fewer (−1) subscriber of every job. */
  watchAll(delta: 1 | -1): void;
  changed(job: Job): void;
  /** A core has read a job that the one before left unfinished. */
  resumed(job: Job): void;
}

export type Ender = (error: unknown, closing: boolean) => void;

export interface Jobs {
  handle(id: string): JobHandle;
  list(filter?: JobFilter): Store<readonly Job[]>;
  /** A record of the core. */
  receive(job: JobFields): void;
  /** The batch is over. */
  settle(): void;
  /** Ends waiting; unless the client closes, subscriptions stay. */
  end(error: unknown, closing: boolean): void;
  /** The core died: what is known may be old, and the next core goes on from there. */
  renew(): void;
  /** Whether the end of a job's attempt was reported by a core before this one. */
  hasEnded(id: string | undefined): boolean;
}

/** Characters of its id and texts. */
function sizeOf({ id, stage, message, resultUrl, unsafeResultUrl, error }: Job): number {
  const texts = [id, stage, message, resultUrl, unsafeResultUrl, error?.message, error?.stage];
  return texts.reduce((sum, text) => sum + (text?.length ?? 0), 0);
}

export const unknownJob = (id: string): Job => ({
  id,
  status: "unknown",
  attempt: 1,
  updatedAt: 0,
  source: "restored",
  stale: true,
});

export function createJobs({
  post,
  ask,
  frames,
  guard,
  isClosed,
  watchAll,
  changed,
  resumed,
}: Surroundings): Jobs {
  const entries = new Map<string, Entry>();
  /** Those that nobody follows. */
  const idle = createIdleList<Entry>();
  /** Of all of them, their ids and texts. */
  let characters = 0;
  /** What goes on. */
  const waits = new Set<Ender>();
  /** Lists of every job, and those of some, by their ids. */
  const listsOfAll = new Set<List>();
  const listsById = new Map<string, Set<List>>();
  /** Those whose jobs have changed in this batch. */
  const dirtyLists = new Set<List>();
  let listsUrgent = false;

  function entry(id: string): Entry {
    let found = entries.get(id);
    if (!found) {
      const cell = createCell(unknownJob(id), guard);
      const made: Entry = (found = {
        cell,
        latest: cell.current,
        known: false,
        users: 0,
        flush: () => cell.set(made.latest),
      });
      entries.set(id, made);
      characters += sizeOf(made.latest);
      if (entries.size > MAX_JOBS) forget();
      idle.add(made);
    }
    return found;
  }

  /** Says whether there was one to forget. */
  function forget(): boolean {
    const gone = idle.shift();
    if (!gone) return false;
    characters -= sizeOf(gone.latest);
    return entries.delete(gone.latest.id);
  }

  function setLatest(entry: Entry, job: Job): void {
    characters += sizeOf(job) - sizeOf(entry.latest);
    entry.latest = job;
    if (characters <= MAX_CHARACTERS) return;
    // This one stays, at least until the next one changes.
    const { isIdle } = entry;
    idle.remove(entry);
    while (characters > MAX_CHARACTERS && forget());
    if (isIdle) idle.add(entry);
  }

  /** Follows a job until the undo is called; the core lingers before it lets go. */
  function hold(id: string): () => void {
    const job = entry(id);
    if (!job.users++) {
      idle.remove(job);
      post(Post.Follow, 0, id);
    }
    let held = true;
    return () => {
      if (held && !--job.users) {
        idle.add(job);
        if (!isClosed()) post(Post.Unfollow, 0, id);
      }
      held = false;
    };
  }

  function handle(id: string): JobHandle {
    /** What goes on for this handle. */
    const own = new Set<Ender>();

    /** Something that goes on until its undo is called or the handle or the client is closed. */
    const begin = (end: Ender) => {
      waits.add(end);
      own.add(end);
      return () => {
        waits.delete(end);
        own.delete(end);
      };
    };

    const subscribe = (listener: (job: Job) => void) => {
      let undo = () => {};
      let stopped = false;
      const release = hold(id);
      // Stays when the core did not load: a later call may load it.
      const leave = begin((_error, closing) => closing && stop());
      const stop = () => {
        stopped = true;
        leave();
        undo();
        release();
      };
      undo = entry(id).cell.subscribe(listener);
      // The listener may have closed the handle.
      if (stopped) undo();
      return stop;
    };

    return {
      id,
      get current() {
        return entry(id).cell.current;
      },
      subscribe,
      done: ({ signal } = {}) =>
        new Promise((resolve, reject) => {
          const { current } = entry(id).cell;
          if (signal?.aborted) return reject(signal.reason);
          if (isClosed()) return reject(closedError());
          if (isTerminal(current)) return resolve(current);
          const finish = () => {
            signal?.removeEventListener("abort", abort);
            leave();
            stop();
          };
          const fail = (error: unknown) => {
            reject(error);
            finish();
          };
          const abort = () => fail(signal?.reason);
          const leave = begin(fail);
          const stop = subscribe((job) => {
            if (!isTerminal(job)) return;
            resolve(job);
            finish();
          });
          signal?.addEventListener("abort", abort);
        }),
      async refresh() {
        receive(await ask<JobFields>(Post.Refresh, id));
        settle();
        return entry(id).latest;
      },
      retry() {
        post(Post.Retry, 0, id);
        const known = entry(id);
        const { status, attempt } = known.latest;
        known.before?.retry();
        // The core does the same; done() must not find the old end meanwhile.
        if (isClosed() || (status !== "failed" && status !== "cancelled")) return;
        const job = {
          ...unknownJob(id),
          status: "queued" as const,
          attempt: attempt + 1,
          updatedAt: Date.now(),
        };
        setLatest(known, job);
        known.flush();
      },
      close() {
        for (const end of own) end(closedError(), true);
      },
      [Symbol.asyncIterator]() {
        const buffer: Job[] = [];
        return iterate<Job>(
          buffer,
          (wake, end) => {
            if (isClosed()) end(closedError());
            const leave = begin(end);
            const stop = subscribe((job) => {
              const [waiting] = buffer;
              if (job.status === "unknown" || (waiting && isTerminal(waiting))) return;
              buffer[0] = job;
              wake();
            });
            return () => {
              leave();
              stop();
            };
          },
          isTerminal,
        );
      },
    };
  }

  function list(filter: JobFilter = {}): Store<readonly Job[]> {
    const { status, ids, predicate } = filter;
    const wanted = ids && [...new Set(ids.map(String))];
    const statuses = status === undefined ? undefined : new Set([status].flat());
    let selected: readonly Job[] = [];
    let holds: (() => void)[] | undefined;

    const update = () =>
      guard(() => {
        const found: Job[] = [];
        const consider = ({ known, latest }: Entry) => {
          if (known && (!statuses || statuses.has(latest.status)) && (!predicate || predicate(latest))) {
            found.push(latest);
          }
        };
        if (wanted) for (const id of wanted) consider(entry(id));
        else entries.forEach(consider);
        if (found.length !== selected.length || found.some((job, i) => job !== selected[i]))
          cell.set((selected = found));
      });

    const own: List = { update };
    const register = () => {
      if (!wanted) listsOfAll.add(own);
      else for (const id of wanted) listsById.set(id, (listsById.get(id) ?? new Set()).add(own));
    };
    const leave = () => {
      listsOfAll.delete(own);
      dirtyLists.delete(own);
      for (const id of wanted ?? []) {
        const lists = listsById.get(id);
        if (lists?.delete(own) && !lists.size) listsById.delete(id);
      }
    };

    const cell = createCell(selected, guard, (how) => {
      if (how === Want.Subscribed) {
        holds = wanted?.map(hold);
        if (!holds) watchAll(1);
        register();
        update();
      } else if (how === Want.Looked) {
        if (!cell.watched && !isClosed()) update();
      } else {
        leave();
        if (holds) for (const release of holds) release();
        else watchAll(-1);
      }
    });
    return cell;
  }

  function receive(fields: JobFields): void {
    const said = toJob(fields);
    const known = entry(said.id);
    const job = known.before ? known.before.carryOn(said) : said;
    if (job) show(known, job);
  }

  function show(known: Entry, job: Job): void {
    const last = known.latest;
    // The answer to refresh() comes as a record, too.
    if (last.updatedAt === job.updatedAt && JSON.stringify(last) === JSON.stringify(job)) return;
    const urgent = isTerminal(job) && !(isTerminal(last) && last.attempt === job.attempt);
    setLatest(known, job);
    known.known = true;
    for (const list of listsOfAll) dirtyLists.add(list);
    for (const list of listsById.get(job.id) ?? []) dirtyLists.add(list);
    listsUrgent ||= urgent;
    if (urgent || !known.cell.watched) known.flush();
    else frames.add(known.flush);
    changed(job);
  }

  function settle(): void {
    const lists = [...dirtyLists];
    const tell = listsUrgent ? frames.now : frames.add;
    dirtyLists.clear();
    listsUrgent = false;
    for (const { update } of lists) tell(update);
  }

  return {
    handle,
    list,
    receive,
    settle,
    end(error, closing) {
      for (const end of waits) end(error, closing);
    },
    renew() {
      for (const known of entries.values()) {
        if (!known.known) continue;
        const { latest } = known;
        known.before = createContinuity(latest, resumed, () => post(Post.Retry, 0, latest.id));
        if (!isTerminal(latest) && !latest.stale) show(known, { ...latest, stale: true });
      }
      settle();
    },
    hasEnded: (id) => id !== undefined && !!entries.get(id)?.before?.hasEnded,
  };
}
