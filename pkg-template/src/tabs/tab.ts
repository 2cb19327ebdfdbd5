/**
 * A tab's side of a shared core: remembers what the page wished for and asked, since the core that was told may die with
 * its tab and another one has to be told again.
 */
import { Kind, Post, Rec } from "../wire/messages.js";
import type { Attachment, Core, Message, Sink } from "../wire/messages.js";
import { isAttachment } from "./wire.js";
import type { Call, Line, Said, Say } from "./wire.js";
import { CORES_APART, createView } from "./view.js";
import type { Wanted } from "../runtime/wanted.js";

/** Problems of src/core/io/error.rs. */
const QUEUE_FULL = 3;
const DISCONNECTED = 5;
const LOST = 14;
/** With Socket.IO, which alone has requests. */
const REQUEST_LOST = 35;
/** Messages kept at most while disconnected. */
const MAX_KEPT = 1000;

const IDLE = 0;

interface Question {
  /** The one that asks, behind the attachments that belong to it. */
  messages: readonly Said[];
  /** How often it was passed on. */
  asked: number;
  /** When a message that was kept is too old, by performance.now(). */
  until?: number;
}

/** Sent while disconnected. */
interface Kept {
  messages: readonly Said[];
  until: number;
}

const asking = (messages: readonly Said[]) => messages.at(-1) as Message;

const namespaceOf = (name: string | undefined) => /^\/[^,]*,/.exec(name ?? "")?.[0];

export interface Seat {
  /** A message of the page. */
  post: Core;
  /** Calls of the core that serves it. */
  told(calls: readonly Call[]): void;
  /** From now on this core serves it, one of its own page or another's. */
  link(say: Say, isOwn: boolean): void;
  /** A message does not fit into what goes to another tab; who waits for its answer gets to know. */
  refuse(message: Said): void;
  /** No core serves it until there is another one. `state`: how that is shown, if at all. */
  unlink(state?: number): void;
}

interface Page {
  wishes: Wanted;
  /** See createView(). */
  ends: readonly string[];
  /** How long a message is kept that says nothing of it, ms. */
  maxAge: number;
  sink: Sink;
}

export function createSeat({ wishes, ends, maxAge, sink }: Page): Seat {
  const questions = new Map<number, Question>();
  const kept: Kept[] = [];
  /** What was kept is asked under numbers below 0: the page has its answer. */
  let lastOwn = 0;
  /** Those of the message that comes next. */
  const attachments: Attachment[] = [];
  let connected = false;
  let say: Say | undefined;
  let sayToOwn: Say | undefined;
  /** Whether there was a core before. */
  let isServed = false;

  const view = createView({
    wishes,
    ends,
    sink,
    settle: (rid) => questions.delete(rid) && rid >= 0,
    retryAgain: retry,
  });

  function retry(job: string): void {
    say?.([[Post.Retry, 0, job]]);
  }

  const record = (...line: Line) => sink(Kind.Batch, 0, JSON.stringify(line) as never);
  const answer = (rid: number, value: unknown) => record(Rec.Answer, rid, value);
  const refuse = (rid: number, problem: number) => {
    if (rid >= 0) record(Rec.Refusal, rid, problem, "");
  };

  function pass(rid: number, question: Question): void {
    if (!say) return;
    const { messages, until } = question;
    const rest = until === undefined ? 0 : Math.ceil(until - performance.now());
    if (rest < 0) {
      questions.delete(rid);
      return;
    }
    question.asked++;
    if (until === undefined) return say(messages);
    const [post, , text, , ...more] = asking(messages);
    say([...messages.slice(0, -1), [post, rid, text, rest, ...more]]);
  }

  function ask(rid: number, question: Omit<Question, "asked">): void {
    const asked = { ...question, asked: 0 };
    questions.set(rid, asked);
    pass(rid, asked);
  }

  /** Asks another core what the one before did not answer. */
  function askAgain(rid: number, question: Question): void {
    const [post] = asking(question.messages);
    if (!question.asked) return pass(rid, question);
    const isDelicate = post === Post.Request || (post === Post.Send && question.asked > 1);
    if (post !== Post.SendVolatile && post !== Post.Reply && !isDelicate) return pass(rid, question);
    questions.delete(rid);
    // Whether the server got it is not known.
    if (isDelicate) refuse(rid, post === Post.Send ? LOST : REQUEST_LOST);
    else answer(rid, "dropped");
  }

  function connect(rid: number): void {
    const wasConnected = connected;
    connected = true;
    if (!wasConnected) say?.(wishes.state());
    ask(rid, { messages: [[Post.Connect, rid]] });
    // Where no core serves they wait with the other questions.
    for (const message of kept.splice(0)) ask(--lastOwn, message);
  }

  function disconnect(): void {
    if (!connected) return;
    view.rest(IDLE);
    connected = false;
    say?.([...wishes.withdraw(), [Post.Disconnect]]);
    for (const [rid, { messages, until, asked }] of questions) {
      if (until !== undefined && !asked) {
        questions.delete(rid);
        kept.push({ messages, until });
      }
      if (asking(messages)[0] !== Post.Connect) continue;
      questions.delete(rid);
      refuse(rid, DISCONNECTED);
    }
  }

  /** What is sent while disconnected is kept for the next connect(), as a core would. */
  function keep(rid: number, message: Message, given: readonly Said[]): void {
    const [post, , name, age = -1, , key] = message;
    if (post === Post.Request) return refuse(rid, DISCONNECTED);
    if (post !== Post.Send) return answer(rid, "dropped");
    const older = kept.findIndex(({ messages }) => {
      const [, , itsName, , , itsKey] = asking(messages);
      return key !== undefined && itsKey === key && namespaceOf(itsName) === namespaceOf(name);
    });
    const place = older < 0 ? kept.length : older;
    if (place >= MAX_KEPT) return refuse(rid, QUEUE_FULL);
    kept[place] = {
      messages: [...given, message],
      until: performance.now() + (age < 0 ? maxAge : age),
    };
    answer(rid, "queued");
  }

  /** Acknowledges an event; `number` is what its record had. */
  function reply(rid: number, [post, , text, number = 0, data]: Message, given: readonly Said[]): void {
    const cores = Math.floor(number / CORES_APART);
    // The connection that brought the event is no more.
    if (cores !== view.cores || !connected) return answer(rid, "dropped");
    ask(rid, { messages: [...given, [post, rid, text, number - cores * CORES_APART, data]] });
  }

  function post(...message: Said): void {
    if (isAttachment(message)) {
      attachments.push(message);
      return;
    }
    const [what, n = 0] = message;
    const change = wishes.note(message);
    if (change !== undefined) {
      if (change && connected) say?.([message]);
      return;
    }
    switch (what) {
      case Post.Connect:
        return connect(n);
      case Post.Disconnect:
        return disconnect();
      case Post.Send:
      case Post.SendVolatile:
      case Post.Request:
      case Post.Reply: {
        const given = attachments.splice(0);
        if (what === Post.Reply) return reply(n, message, given);
        return connected ? ask(n, { messages: [...given, message] }) : keep(n, message, given);
      }
      case Post.Retry:
        view.retry(message[2] as string);
        return say?.([message]);
      case Post.Refresh:
      case Post.Inspect:
      case Post.Audit:
        return ask(n, { messages: [message] });
      case Post.Token:
      case Post.TokenFailed:
      case Post.Headers:
        // Credentials never leave the page.
        return sayToOwn?.([message]);
      default:
        return say?.([message]);
    }
  }

  return {
    post,
    told: (calls) => view.told(calls, connected),
    link(to, isOwn) {
      say = to;
      sayToOwn = isOwn ? to : undefined;
      if (isServed) view.renew();
      isServed = true;
      to(connected ? [...wishes.state(), [Post.Connect, 0]] : []);
      for (const job of view.retries()) retry(job);
      for (const [rid, question] of [...questions]) askAgain(rid, question);
    },
    refuse(message) {
      const [post, rid] = message;
      if (post !== Post.Attach && rid !== undefined && questions.delete(rid)) refuse(rid, QUEUE_FULL);
    },
    unlink(state) {
      say = sayToOwn = undefined;
      if (connected && state !== undefined) view.rest(state);
    },
  };
}
