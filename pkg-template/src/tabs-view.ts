/**
 * What one tab lets its page see of a core that serves others too: what this tab wished for, and no break where another
 * core goes on. A new core knows nothing of what was told before; bars must not fall back to nothing because of that,
 * and an end that was told is not told again.
 */
import { Post } from "./messages.js";
import type { Sink } from "./messages.js";
import { attachmentsOf, Kind, Rec } from "./tabs-wire.js";
import type { Call, Line } from "./tabs-wire.js";
import type { Wishes } from "./tabs-wishes.js";

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
/** The events of `stream` that end a job, by its status. */
const ENDS = ["completed", "error", "cancelled"];
/** With those of Socket.IO. */
const IS_END = /^([^,]*,)?(job_)?(completed|failed|error|cancelled)$/;

/** Distance between the numbers for replies of one core and of the next. */
export const CORES_APART = 2 ** 32;

type Job = [number, string, status: number, progress: number | null, attempt: number, ...unknown[]];

const isOver = (job: Line) => (job[At.Status] as number) >= COMPLETED;

const isSame = (a: Line, b: Line) => JSON.stringify(a) === JSON.stringify(b);

export interface View {
  /** Takes in what the core says. `attached`: whether the tab is connected; answers pass in any case. */
  told(calls: readonly Call[], attached: boolean): void;
  /** The tab is connected no more: its status becomes this, and what it knows is old. */
  rest(state: number): void;
  /** Another core speaks from now on. */
  renew(): void;
  /** How many cores spoke before. */
  readonly cores: number;
}

/**
 * @param isStream whether ends are told by the events of that protocol
 * @param settle forgets an asked question when its answer is there; false when nobody asked it
 */
export function createView(
  wishes: Wishes,
  isStream: boolean,
  sink: Sink,
  settle: (rid: number) => boolean,
): View {
  const say = sink as (...call: Call) => void;
  const jobs = new Map<string, Job>();
  /** Followed jobs whose end an earlier core told. */
  const ended = new Set<string>();
  /** By how many attempts this core's counting is behind that of the cores before, where the server does not count. */
  const behind = new Map<string, number>();
  /** Jobs whose end was told by an event before this tab knew the job. */
  const announced = new Set<string>();
  /** The last status told, that of a channel by its name. */
  const statuses = new Map<unknown, Line>();
  const attachments = new Map<number, unknown>();
  let cores = 0;
  let everConnected = 0;
  let lastSeq = 0;
  let firstSeq = 0;

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

  /** A batch's ends: jobs of this tab that are over since this batch. */
  function readJob(job: Job, ends: Map<string, Job>): Job | undefined {
    const id = job[At.Id];
    if (!wishes.sees(id)) return undefined;
    const known = jobs.get(id);
    const next = known && cores ? carriedOn(job, known) : job;
    if (!next) return undefined;
    if (!isOver(next)) announced.delete(id);
    else if (!announced.has(id) && !(known && isOver(known) && known[At.Attempt] === next[At.Attempt])) {
      ends.set(id, next);
    }
    remember(next);
    return next;
  }

  function readEvent(event: Line, ends: Map<string, Job>): Line | undefined {
    const name = event[1] as string;
    const job = event[6] as string;
    if (!wishes.hears(name)) return undefined;
    if (IS_END.test(name)) {
      if (ended.has(job)) return undefined;
      ends.delete(job);
      if (!jobs.has(job) && announced.size < MAX_JOBS) announced.add(job);
    }
    lastSeq = firstSeq + (event[3] as number);
    if (!cores) return event;
    const next = [...event] as Line;
    next[3] = lastSeq;
    if (next[8]) next[8] = (next[8] as number) + cores * CORES_APART;
    return next;
  }

  function readStatus(status: Line, at: number): Line | undefined {
    const next = [...status] as Line;
    if (at === 1) next[3] = everConnected ||= status[3] as number;
    const channel = at === 1 ? 0 : status[1];
    const last = statuses.get(channel);
    statuses.set(channel, next);
    return last && isSame(last, next) ? undefined : next;
  }

  function read(line: Line, attached: boolean, ends: Map<string, Job>): Line | undefined {
    const [kind, first] = line;
    if (kind === Rec.Answer || kind === Rec.Refusal || kind === Rec.Acknowledgement) {
      return settle(first as number) ? line : undefined;
    }
    if (!attached) return undefined;
    if (kind === Rec.Job) return readJob(line as Job, ends);
    if (kind === Rec.Status) return readStatus(line, 1);
    if (kind === Rec.Channel)
      return wishes.has(Post.Channel, first as string) ? readStatus(line, 2) : undefined;
    return kind === Rec.Log ? line : readEvent(line, ends);
  }

  /** Whoever follows a job whose end the core told before is told of it all the same. */
  function endOf(job: Job): Line | undefined {
    const name = ENDS[job[At.Status] - COMPLETED] as string;
    if (!isStream || !wishes.follows(job[At.Id]) || !wishes.hears(name)) return undefined;
    return [Rec.Own, name, job.slice(1), ++lastSeq, job[At.Updated], job[At.Source], job[At.Id], null];
  }

  function tell(lines: readonly Line[], unchanged?: string): void {
    for (const id of lines.flatMap(attachmentsOf)) {
      if (attachments.has(id)) say(Kind.Attachment, id, attachments.get(id));
    }
    if (lines.length) say(Kind.Batch, 0, unchanged ?? JSON.stringify(lines).slice(1, -1));
  }

  function batch(json: string, attached: boolean): void {
    const given = JSON.parse(`[${json}]`) as Line[];
    const ends = new Map<string, Job>();
    const lines: Line[] = [];
    let same = true;
    const add = (line: Line | undefined, from?: Line) => {
      if (line) lines.push(line);
      same &&= line === from;
    };
    for (const line of given) add(read(line, attached, ends), line);
    for (const job of ends.values()) add(endOf(job));
    tell(lines, same ? json : undefined);
    attachments.clear();
  }

  return {
    get cores() {
      return cores;
    },
    told(calls, attached) {
      for (const [kind, n, value] of calls) {
        if (kind === Kind.Batch) batch(value as string, attached);
        else if (kind === Kind.Attachment) attachments.set(n, value);
        else if (kind === Kind.Reply ? settle(n) : attached) say(kind, n, value);
      }
    },
    rest(state) {
      const lines: (Line | undefined)[] = [];
      for (const [channel, [kind, ...last]] of statuses) {
        const at = channel === 0 ? 0 : 1;
        const [, , ever, , heardAt] = last.slice(at);
        const now: unknown[] = [...last.slice(0, at), state, 0, ever, null, heardAt, 0, 0, null, null];
        lines.push(readStatus([kind, ...now], at + 1));
      }
      for (const job of jobs.values()) {
        if (!wishes.follows(job[At.Id]) || isOver(job) || job[At.Stale]) continue;
        const old = [...job] as Job;
        old[At.Stale] = 1;
        jobs.set(old[At.Id], old);
        lines.push(old);
      }
      tell(lines.filter((line) => line !== undefined));
    },
    renew() {
      cores++;
      firstSeq = lastSeq;
      behind.clear();
      for (const job of jobs.values()) if (isOver(job) && wishes.follows(job[At.Id])) ended.add(job[At.Id]);
    },
  };
}
