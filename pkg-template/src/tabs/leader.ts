/** The leader's switchboard: one core, several tabs. Sums up what they wish, and gives each what is meant for it. */
import type { Cleaner } from "../runtime/start.js";
import { Kind, Post, Rec } from "../wire/messages.js";
import type { Attachment, Core, Message, Sink } from "../wire/messages.js";
import { attachmentsOf, EVERYBODY, isAttachment } from "./wire.js";
import type { Call, Line, Said } from "./wire.js";
import type { CreateWanted, Wanted } from "../runtime/wanted.js";

/** The numbers by which job, event and status say that another tab has the connection. */
const FROM_TAB = 2;
/** Where they stand in a record. */
const SOURCES: { [kind: number]: number } = {
  [Rec.Job]: 6,
  [Rec.Event]: 5,
  [Rec.Status]: 7,
  [Rec.Server]: 5,
  [Rec.Own]: 5,
  [Rec.Channel]: 8,
  [Rec.SocketIo]: 5,
  [Rec.Entity]: 6,
};

/** How long a channel that was left shows what it showed, ms; and then. */
const LINGER = 1000;
const IDLE = [0, 0, 1, null, null, 0, 0, null, null];

/** Notices come first in a batch: one that begins otherwise has none. */
const HAS_NOTICES = /^\[(?:[234580]|10),/;

const isAnswer = (kind: number) =>
  kind === Rec.Answer || kind === Rec.Refusal || kind === Rec.Acknowledgement;

/** Attachments of a message; a server takes no more of them. */
const MAX_ATTACHMENTS = 10;
/** Questions of all tabs that wait for their answers, and what is said to more. */
const MAX_ASKED = 100_000;
const QUEUE_FULL = 3;
/** What one tab follows and listens to. */
const MAX_WANTED = 100_000;

interface Member {
  wishes: Wanted;
  connected: boolean;
  /** Attachments of the message that follows: those of two tabs must not mix. */
  attachments: Attachment[];
}

export interface Hub {
  /** A tab says something; one that is new joins by that. */
  hear(tab: string, messages: readonly Said[]): void;
  /** A tab is gone: what it wished for is taken back. */
  leave(tab: string): void;
  /** Has the core look at its deadlines. */
  look(): void;
  /** What the core calls. */
  sink: Sink;
}

/** What the hub says to whom. */
export interface Lines {
  /** Passes calls of the sink on to the leader's own tab. */
  tellOwn(calls: readonly Call[]): void;
  /** Passes them on to another, or to all others. */
  tell(tab: string, calls: Call[]): void;
  /** Of the leader's page, which alone has them: what others get is cleaned of them here. */
  secrets: Cleaner;
  createWanted: CreateWanted;
}

/** @param own the leader's own tab */
export function createHub(core: Core, own: string, { tellOwn, tell, secrets, createWanted }: Lines): Hub {
  const members = new Map<string, Member>();
  const asked = new Map<number, { tab: string; rid: number; post: Post }>();
  const attachments = new Map<number, unknown>();
  let status: Line | undefined;
  const channels = new Map<unknown, Line>();
  let isDirty = false;
  let lastRid = 0;

  function join(tab: string): Member {
    const member = {
      wishes: createWanted(tab === own ? Infinity : MAX_WANTED),
      connected: false,
      attachments: [],
    };
    members.set(tab, member);
    return member;
  }
  join(own);

  const wants = (post: Message[0], text?: string) =>
    [...members.values()].some(({ wishes }) => wishes.has(post, text));

  /** Records for one tab, with the attachments that they name. */
  function give(tab: string, lines: readonly Line[], json = toJson(tab, lines)): void {
    if (!json) return;
    const calls: Call[] = [];
    for (const id of lines.flatMap(attachmentsOf)) {
      if (attachments.has(id)) calls.push([Kind.Attachment, id, attachments.get(id)]);
    }
    calls.push([Kind.Batch, 0, json]);
    pass(tab, calls);
  }

  function pass(tab: string, calls: Call[]): void {
    if (tab === own) tellOwn(calls);
    else tell(tab, calls);
  }

  function toJson(tab: string, lines: readonly Line[]): string {
    const told = tab === own ? lines : lines.map((line) => fromTab(secrets.cleanRecord(line)));
    return JSON.stringify(told).slice(1, -1);
  }

  function fromTab(line: Line): Line {
    const place = SOURCES[line[0]];
    if (place === undefined) return line;
    const marked = [...line] as Line;
    marked[place] = FROM_TAB;
    return marked;
  }

  function batch(json: string): void {
    const isAlone = members.size < 2;
    if (isAlone && !attachments.size && !HAS_NOTICES.test(json)) return tellOwn([[Kind.Batch, 0, json]]);
    const common: Line[] = [];
    // What is meant for one tab comes first, as in every batch.
    const lines = JSON.parse(`[${json}]`) as Line[];
    for (const line of lines) {
      const [kind, first] = line;
      if (isAnswer(kind)) {
        answer(first as number, (tab, rid, post) => {
          const [, , ...rest] = line;
          // The job as refresh() found it.
          if (post === Post.Refresh && kind === Rec.Answer && tab !== own)
            rest[0] = fromTab([0, ...(rest[0] as [])]).slice(1);
          give(tab, [[kind, rid, ...rest]]);
        });
        continue;
      }
      if (kind === Rec.Status) status = secrets.cleanRecord(line);
      if (kind === Rec.Channel) channels.set(first, secrets.cleanRecord(line));
      common.push(line);
    }
    // The listeners of this page take their time.
    if (!isAlone) give(EVERYBODY, common);
    give(own, common, common.length === lines.length ? json : undefined);
    // Others belong to events that wait for their frame.
    for (const id of lines.flatMap(attachmentsOf)) attachments.delete(id);
  }

  function answer(number: number, pass: (tab: string, rid: number, post: Post) => void): void {
    const found = asked.get(number);
    asked.delete(number);
    if (found && members.has(found.tab)) pass(found.tab, found.rid, found.post);
  }

  function ask(tab: string, [post, rid = 0, ...rest]: Message): void {
    if (asked.size >= MAX_ASKED && rid) return give(tab, [[Rec.Refusal, rid, QUEUE_FULL, ""]]);
    lastRid++;
    if (rid) asked.set(lastRid, { tab, rid, post });
    core(post, lastRid, ...rest);
  }

  function wish(member: Member, tab: string, message: Message, delta: number): void {
    const [post, n = 0, text] = message;
    const isFlag = post === Post.WatchAll || post === Post.Channel || post === Post.WatchEntities;
    // A flag that another tab says again has the core tell what the others know; the status of a channel it keeps.
    if (post === Post.Channel) {
      if (n) present(tab, channels.get(text));
      else if (wants(post, text)) setTimeout(leaveChannel, LINGER, member, tab, text);
    }
    if (post === Post.Listen ? delta : isFlag ? n || !wants(post, text) : delta) {
      core(post, post === Post.Listen ? delta : n, text);
    }
  }

  /** What the core says when the last one leaves. */
  function leaveChannel({ wishes }: Member, tab: string, channel: string): void {
    if (members.has(tab) && !wishes.has(Post.Channel, channel)) give(tab, [[Rec.Channel, channel, ...IDLE]]);
  }

  function present(tab: string, line: Line | undefined): void {
    if (line) give(tab, [line]);
  }

  function disconnect(member: Member): void {
    if (!member.connected) return;
    member.connected = false;
    if (![...members.values()].some(({ connected }) => connected)) core(Post.Disconnect);
  }

  function hear(tab: string, said: Said): void {
    const member = members.get(tab) ?? join(tab);
    if (isAttachment(said)) {
      if (member.attachments.length < MAX_ATTACHMENTS) member.attachments.push(said);
      return;
    }
    const message = said;
    const [post] = message;
    const delta = member.wishes.note(message);
    if (delta !== undefined) return wish(member, tab, message, delta);
    switch (post) {
      case Post.Connect:
        member.connected = true;
        present(tab, status);
        // What others were told before it came.
        if (isDirty) pass(tab, [[Kind.Dirty, 0]]);
        return ask(tab, message);
      case Post.Disconnect:
        return disconnect(member);
      case Post.Take:
        if (isDirty) core(Post.Take, 1);
        isDirty = false;
        return;
      case Post.Refresh:
      case Post.Send:
      case Post.SendVolatile:
      case Post.Request:
      case Post.Reply:
      case Post.Inspect:
      case Post.Audit:
        for (const attachment of member.attachments.splice(0)) core(...attachment);
        return ask(tab, message);
      default:
        core(...message);
    }
  }

  return {
    hear(tab, messages) {
      for (const message of messages) hear(tab, message);
    },
    leave(tab) {
      const member = members.get(tab);
      if (!member) return;
      for (const message of member.wishes.withdraw()) hear(tab, message);
      disconnect(member);
      members.delete(tab);
    },
    look: () => core(Post.Take, 1),
    sink(kind, n, value) {
      if (kind === Kind.Batch) batch(value);
      else if (kind === Kind.Attachment) attachments.set(n, value);
      else if (kind === Kind.Reply) {
        answer(n, (tab, rid) => pass(tab, [[kind, rid, tab === own ? value : secrets.clean(value)]]));
      } else {
        tellOwn([[kind, n, value]]);
        if (kind !== Kind.Dirty) return;
        isDirty = true;
        if (members.size > 1) tell(EVERYBODY, [[kind, n]]);
      }
    },
  };
}
