/**
 * A client's link to its core: starts one when it is first needed, and another one after it died. Messages wait until
 * there is a core; what is wanted for good is said to each; what was asked of a dead one is refused.
 */
import { closedError, JobsError } from "../errors.js";
import { isHidden, watchPage } from "./lifecycle.js";
import { wasmError } from "./loader.js";
import { Post } from "../wire/messages.js";
import type { Attachment, Core, Message } from "../wire/messages.js";
import { quietly, rejected } from "../store/report.js";
import { createWanted } from "./wanted.js";

/** One core, from its start to its end. */
export interface Session {
  /** Whether it died, or the client was closed. */
  isOver(): boolean;
  /** Passes a message on to this core and no other. */
  tell: Core;
}

interface Client {
  /** Starts a core for a session; `died` is to be called once, when it will never say anything again. */
  start(session: Session, died: (message: string) => void): Promise<Core>;
  /** The core could not be had, or died. */
  failed(error: JobsError): void;
}

type Awaiting = { resolve: (value: never) => void; reject: (error: unknown) => void };

export interface Link {
  /** Sends a message to the core, or keeps it until there is one. */
  post: Core;
  /** Sends a message that is answered. */
  ask<R>(
    message: Message[0],
    ...args: Message extends [Post, number?, ...infer Rest] ? Rest : never
  ): Promise<R>;
  /** Who waits for this answer, from now on no longer. */
  answer(rid: number): Awaiting | undefined;
  /** Asks the core for what waits for the page's frame. */
  take(isLate: boolean): void;
  /** Resolves when there is a core. */
  load(): Promise<void>;
  connect(): Promise<void>;
  disconnect(): void;
  isClosed(): boolean;
  /** Final; says whether it was not closed before. */
  close(): boolean;
}

const isText = (place: number) => place === 2 || place > 3;

/** What an app without types gives as a text may be none, and the glue would write it past the wasm's memory. */
const checked = (given: Message | Attachment) =>
  given[0] === Post.Attach
    ? given
    : (given.map((value: unknown, place) =>
        value === undefined || value === null ? undefined : (isText(place) ? String : Number)(value),
      ) as Message);

export function createLink({ start, failed }: Client): Link {
  const wanted = createWanted();
  const pending = new Map<number, Awaiting>();
  let queue: (Message | Attachment)[] = [];
  let core: Core | undefined;
  let loading: Promise<void> | undefined;
  let endLoading: ((error: unknown) => void) | undefined;
  let leavePage = () => {};
  /** What was said last: connect(), also by implication, or disconnect(), which another core is told as well. */
  let intent: Post.Connect | Post.Disconnect | undefined;
  let closed = false;
  let lastRid = 0;

  const isClosed = () => closed;

  function post(...given: Message | Attachment): void {
    if (closed) return;
    const message = checked(given);
    if (intent === undefined && (message[0] < Post.Inspect || message[0] > Post.Audit)) {
      intent = Post.Connect;
      post(Post.Connect, ++lastRid);
    }
    if (message[0] !== Post.Attach) wanted.note(message);
    if (core) core(...message);
    else {
      queue.push(message);
      quietly(load());
    }
  }

  const ask: Link["ask"] = (message, ...args) => {
    if (closed) return rejected(closedError());
    return quietly(
      new Promise((resolve, reject) => {
        pending.set(++lastRid, { resolve, reject });
        post(message, lastRid, ...args);
      }),
    );
  };

  function load(): Promise<void> {
    return (loading ??= quietly(
      new Promise((resolve, reject) => {
        endLoading = reject;
        open().then(resolve, (cause) => {
          const error = wasmError(cause);
          if (!closed) lose(error);
          reject(error);
        });
      }),
    ));
  }

  async function open(): Promise<void> {
    let isDead = false;
    const own: { core?: Core } = {};
    const session: Session = {
      isOver: () => isDead || closed,
      tell: (...message) => isDead || closed || own.core?.(...message),
    };
    const started = await start(session, (message) => {
      isDead = true;
      const remedy = "Call connect() for another one; report it if that dies, too.";
      lose(new JobsError("wasm", message, remedy, true));
    });
    if (session.isOver()) return started(Post.Shutdown);
    core = own.core = started;
    leavePage = watchPage(started);
    if (isHidden()) started(Post.Hidden, 1);
    // The last of them may be the end of the core.
    for (const message of queue.splice(0)) session.tell(...message);
  }

  /** There is no core any more. What was asked is refused; what is wanted for good waits for the next one. */
  function lose(error: JobsError): void {
    leavePage();
    core = loading = undefined;
    queue = wanted.state();
    // disconnect() holds until connect() is called; after connect() the next call connects anew.
    if (intent === Post.Disconnect) queue.unshift([Post.Disconnect]);
    else intent = undefined;
    // First: who learns of the failure may ask for something anew.
    refuse(error);
    failed(error);
  }

  function refuse(error: JobsError): void {
    for (const { reject } of pending.values()) reject(error);
    pending.clear();
  }

  return {
    post,
    ask,
    load: () => (closed && !loading ? rejected(closedError()) : load()),
    isClosed,
    answer(rid) {
      const waiting = pending.get(rid);
      pending.delete(rid);
      return waiting;
    },
    take: (isLate) => core?.(Post.Take, +isLate),
    connect() {
      intent = Post.Connect;
      return ask(Post.Connect);
    },
    disconnect() {
      intent = Post.Disconnect;
      if (core) core(Post.Disconnect);
      else if (queue.at(-1)?.[0] !== Post.Disconnect) queue.push([Post.Disconnect]);
    },
    close() {
      if (closed) return false;
      closed = true;
      core?.(Post.Shutdown);
      core = undefined;
      leavePage();
      queue = [];
      refuse(closedError());
      endLoading?.(closedError());
      return true;
    },
  };
}
