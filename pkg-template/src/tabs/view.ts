/**
 * What one tab lets its page see of a core that serves others too: what this tab wished for, and no break where another
 * core goes on. A new core knows nothing of what was told before; bars must not fall back to nothing because of that,
 * and an end that was told is not told again.
 */
import { Kind, Post, Rec } from "../wire/messages.js";
import type { Sink } from "../wire/messages.js";
import { attachmentsOf } from "./wire.js";
import type { Call, Line } from "./wire.js";
import type { Wanted } from "../runtime/wanted.js";

/** Most jobs remembered. */
const MAX_JOBS = 10_000;

/** Places in a job's record, docs/core-messages.md. */
const enum At {
  Id = 1,
  Status,
  Progress,
  Attempt,
  Updated,
  Source,
  Stale,
}
const COMPLETED = 3;
/** States of the connection; in the last two it serves. */
const IDLE = 0;
const OPEN = 2;
const POLLING = 4;
/** What says that another tab has the connection. */
const TAB = 2;
/** The events that end a job, whatever the protocol. */
const IS_END = /^([^,]*,)?((enrichment_)?job_)?(completed|failed|error|cancelled)$/;
/** Those that do so when a core tells them of itself. */
const MAY_END = /^job_status/;

/** Distance between the numbers for replies of one core and of the next. */
export const CORES_APART = 2 ** 32;

type Job = [number, string, status: number, progress: number | null, attempt: number, ...unknown[]];

const isOver = (job: Line) => (job[At.Status] as number) >= COMPLETED;

const isSame = (a: Line, b: Line) => JSON.stringify(a) === JSON.stringify(b);

export interface View {
  /**
   * Takes in what the core says. `attached`: whether the tab is connected; answers pass in any case, and what is asked of the
   * page: the core of one that leads serves others too.
   */
  told(calls: readonly Call[], attached: boolean): void;
  /** The tab is connected no more: its status becomes this, and what it knows is old. */
  rest(state: number): void;
  /** Another core speaks from now on. */
  renew(): void;
  /** The page asks for a new attempt of a job. */
  retry(job: string): void;
  /** Jobs of which that was asked, and no new attempt was told yet. */
  retries(): string[];
  /** How many cores spoke before. */
  readonly cores: number;
}

interface Page {
  wishes: Wanted;
  /** The events that a core reports when a read finds a job completed, failed or cancelled. */
  ends: readonly string[];
  sink: Sink;
  /** Forgets a request when its answer is there; false when nobody made it. */
  settle(rid: number): boolean;
  /** Repeats a retry to a core that found the job as it was before. */
  retryAgain(job: string): void;
}

export function createView({ wishes, ends, sink, settle, retryAgain }: Page): View {
  const say = sink as (...call: Call) => void;
  const jobs = new Map<string, Job>();
  /** Followed jobs whose end an earlier core told. */
  const ended = new Set<string>();
  const retried = new Set<string>();
  /** By how many attempts this core's counting is behind that of the cores before, where the server does not count. */
  const behind = new Map<string, number>();
  /** Jobs whose end was told by an event before this tab knew the job. */
  const announced = new Set<string>();
  /** The last status told, that of a channel by its name. */
  const statuses = new Map<unknown, Line>();
  const attachments = new Map<number, unknown>();
  /** Jobs of which this core has said nothing yet, though the one before was heard of them. */
  const doubted = new Set<string>();
  /** Events to be told behind those of the batch. */
  let own: Line[] = [];
  let cores = 0;
  let everConnected = 0;
  let lastSeq = 0;
  /** By how much this core's numbers of events are behind. */
  let seqsBefore = 0;
  let heardAt = 0;
  /** When the core before was heard last, and whether the connection was lost with it. */
  let lostAt = 0;
  let isLost = false;

  function remember(job: Job): void {
    const [, id] = job;
    jobs.delete(id);
    jobs.set(id, job);
    if (jobs.size <= MAX_JOBS) return;
    for (const old of jobs.keys()) {
      if (wishes.follows(old)) continue;
      jobs.delete(old);
      return;
    }
  }

  /** A job as the cores before it would have told it. `undefined` when nothing new is told. */
  function carriedOn(job: Job, known: Job): Job | undefined {
    const [, id, status, progress] = job;
    const next = [...job] as Job;
    if (!status) {
      if (ended.has(id)) return undefined;
      const old = [...known] as Job;
      if (!isOver(old)) old[At.Stale] = 1;
      return old;
    }
    let late = behind.get(id);
    if (late === undefined) behind.set(id, (late = Math.max(0, known[At.Attempt] - job[At.Attempt])));
    if (ended.has(id) && retried.has(id) && job[At.Attempt] + late === known[At.Attempt]) {
      // A core knows a job only when it has read it: it may have had to pass the retry over.
      if (status > COMPLETED) {
        retryAgain(id);
        return undefined;
      }
      // The new attempt, of a server that does not count them.
      behind.set(id, ++late);
    }
    next[At.Attempt] += late;
    if (next[At.Attempt] > known[At.Attempt]) {
      ended.delete(id);
      return next;
    }
    if (ended.has(id)) return undefined;
    if (isOver(job) || isOver(known)) return next;
    next[At.Status] = Math.max(status, known[At.Status]);
    if ((progress ?? -1) < (known[At.Progress] ?? -1)) next[At.Progress] = known[At.Progress];
    return next;
  }

  /** An event of ours, if anybody listens. */
  function tellOwn(name: string | undefined, list: unknown[], source: unknown, job: unknown = null): void {
    if (name === undefined || !wishes.hears(name)) return;
    seqsBefore++;
    own.push([Rec.Own, name, list, ++lastSeq, Date.now(), source, job, null]);
  }

  /** `over`: jobs that are over since this batch. */
  function readJob(job: Job, over: Map<string, Job>): Job | undefined {
    const id = job[At.Id];
    if (!wishes.sees(id)) return undefined;
    if (job[At.Status] && doubted.delete(id) && wishes.follows(id)) {
      tellOwn("gap", [0, lostAt, Date.now(), 1], job[At.Source], id);
    }
    const known = jobs.get(id);
    const next = known && cores ? carriedOn(job, known) : job;
    if (!next) return undefined;
    if (!known || !isOver(next) || next[At.Attempt] > known[At.Attempt]) retried.delete(id);
    if (!isOver(next)) announced.delete(id);
    else if (!announced.has(id) && !(known && isOver(known) && known[At.Attempt] === next[At.Attempt])) {
      over.set(id, next);
    }
    remember(next);
    return next;
  }

  function readEvent(event: Line, over: Map<string, Job>): Line | undefined {
    const name = event[1] as string;
    const job = event[6] as string;
    if (!wishes.hears(name)) return undefined;
    if (IS_END.test(name) || (event[0] === Rec.Own && MAY_END.test(name))) {
      if (ended.has(job)) return undefined;
      over.delete(job);
      if (!jobs.has(job) && announced.size < MAX_JOBS) announced.add(job);
    }
    lastSeq = seqsBefore + (event[3] as number);
    if (!seqsBefore && !cores) return event;
    const next = [...event] as Line;
    next[3] = lastSeq;
    if (next[8]) next[8] = (next[8] as number) + cores * CORES_APART;
    return next;
  }

  function readStatus(status: Line, at: number): Line | undefined {
    const next = [...status] as Line;
    const isWhole = at === 1;
    const channel = isWhole ? 0 : status[1];
    const last = statuses.get(channel);
    if (isWhole) {
      next[3] = everConnected ||= status[3] as number;
      if (isLost && status[1] === OPEN) {
        isLost = false;
        const isTab = status[7] === TAB;
        tellOwn("reconnected", [0, 0, Date.now() - lostAt, isTab ? 0 : status[7], 0], isTab ? TAB : 0);
      }
    }
    if (next[at] === IDLE && !isWhole) statuses.delete(channel);
    else statuses.set(channel, next);
    return last && isSame(last, next) ? undefined : next;
  }

  function readLine(line: Line, attached: boolean, over: Map<string, Job>): Line | undefined {
    const [kind, first] = line;
    if (kind === Rec.Answer || kind === Rec.Refusal || kind === Rec.Acknowledgement) {
      return settle(first as number) ? line : undefined;
    }
    if (!attached) return undefined;
    if (kind === Rec.Job) return readJob(line as Job, over);
    if (kind === Rec.Status) return readStatus(line, 1);
    if (kind === Rec.Channel) {
      // One that was left is told of until it is closed.
      return wishes.has(Post.Channel, first as string) || statuses.has(first)
        ? readStatus(line, 2)
        : undefined;
    }
    if (kind === Rec.Entity) return wishes.has(Post.WatchEntities, first as string) ? line : undefined;
    return kind === Rec.Log ? line : readEvent(line, over);
  }

  function tell(lines: readonly Line[], unchanged?: string): void {
    for (const id of lines.flatMap(attachmentsOf)) {
      if (attachments.has(id)) say(Kind.Attachment, id, attachments.get(id));
    }
    if (lines.length) say(Kind.Batch, 0, unchanged ?? JSON.stringify(lines).slice(1, -1));
  }

  function batch(json: string, given: readonly Line[], attached: boolean): void {
    const over = new Map<string, Job>();
    const lines: Line[] = [];
    for (const line of given) {
      const read = readLine(line, attached, over);
      if (read) lines.push(read);
    }
    // Whoever follows a job whose end the core told before is told of it all the same.
    for (const job of over.values()) {
      const id = job[At.Id];
      if (wishes.follows(id)) tellOwn(ends[job[At.Status] - COMPLETED], job.slice(1), job[At.Source], id);
    }
    lines.push(...own);
    own = [];
    const isWhole = lines.length === given.length && lines.every((line, place) => line === given[place]);
    tell(lines, isWhole ? json : undefined);
  }

  return {
    get cores() {
      return cores;
    },
    told(calls, attached) {
      heardAt = Date.now();
      for (const [kind, n, value, records] of calls) {
        const json = value as string;
        if (kind === Kind.Batch) batch(json, records ?? (JSON.parse(`[${json}]`) as Line[]), attached);
        else if (kind === Kind.Attachment) attachments.set(n, value);
        else if (kind === Kind.Dirty ? attached : kind !== Kind.Reply || settle(n)) say(kind, n, value);
      }
      // They come together with what names them; what is left was for others.
      attachments.clear();
    },
    retry(id) {
      if ((jobs.get(id)?.[At.Status] ?? 0) > COMPLETED) retried.add(id);
    },
    retries: () => [...retried],
    rest(state) {
      const lines: (Line | undefined)[] = [];
      for (const [channel, [kind, ...last]] of statuses) {
        const at = channel === 0 ? 0 : 1;
        const [, , ever, , heardAt] = last.slice(at);
        const now: unknown[] = [...last.slice(0, at), state, 0, ever, null, heardAt, 0, 0, null, null];
        lines.push(readStatus([kind, ...now], at + 1));
      }
      for (const job of jobs.values()) {
        if (!wishes.sees(job[At.Id]) || isOver(job) || job[At.Stale]) continue;
        const old = [...job] as Job;
        old[At.Stale] = 1;
        jobs.set(old[At.Id], old);
        lines.push(old);
      }
      tell(lines.filter((line) => line !== undefined));
    },
    renew() {
      cores++;
      seqsBefore = lastSeq;
      behind.clear();
      lostAt = heardAt;
      const state = statuses.get(0)?.[1];
      isLost ||= state === OPEN || state === POLLING;
      for (const job of jobs.values()) {
        const id = job[At.Id];
        if (!wishes.sees(id)) continue;
        if (isOver(job)) ended.add(id);
        else if (job[At.Status] && !job[At.Stale]) doubted.add(id);
      }
    },
  };
}
