/**
 * Finds out that a core died: while something is expected of it, and the page is visible, it is asked again and again
 * whether it works. A page that was held up, frozen or hidden proves nothing: then the core is asked once more.
 */
import { Post } from "../wire/messages.js";

/** Time between two questions, ms: two of a core in the page, three of one in a worker, are within two seconds. */
const INTERVAL = 650;
/** More than an answer of a core in the page takes. */
const MICROTASKS = 10;
/** The last reason of a wake after which the page is there again (lifecycle.ts). */
const RESUME = 2;

export interface Heartbeat {
  /** The core was sent a message. */
  posted(post: Post, n: number): void;
  /** The core answered. */
  answered(): void;
  stop(): void;
}

/** When a core counts as dead. */
export interface Limits {
  /** After so many questions in a row without an answer. */
  questions: number;
  /** A timer that is so late, ms, was held up: the core may have been, too, or its answer has not been read. */
  late: number;
}

/**
 * @param ask sends the question
 * @param silent is called once, when the core counts as dead
 */
export function createHeartbeat(ask: () => void, limits: Limits, silent: () => void): Heartbeat {
  let isConnected = false;
  /** Whether the core was sent something since the last question. */
  let isUnsure = false;
  let isHidden = false;
  let isSuspended = false;
  let isStopped = false;
  let unanswered = 0;
  let due = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function look(): void {
    const isOf = isConnected || isUnsure || unanswered > 0;
    if (timer !== undefined || !isOf || isHidden || isSuspended || isStopped) return;
    isUnsure = false;
    unanswered++;
    due = performance.now() + INTERVAL;
    timer = setTimeout(check, INTERVAL);
    // Node ends a process that waits for nothing else.
    (timer as { unref?: () => void }).unref?.();
    ask();
  }

  function check(): void {
    timer = undefined;
    if (performance.now() - due > limits.late) startOver();
    else if (unanswered >= limits.questions) return void decide();
    look();
  }

  /** Where a test moves its clock, timers may fire before the microtask in which the core answers. */
  async function decide(): Promise<void> {
    for (let task = 0; task < MICROTASKS; task++) await undefined;
    if (isStopped) return;
    if (unanswered < limits.questions) return look();
    stop();
    silent();
  }

  /** Silence until now does not count. */
  function startOver(): void {
    isUnsure ||= unanswered > 0;
    unanswered = 0;
  }

  function pause(): void {
    clearTimeout(timer);
    timer = undefined;
    startOver();
  }

  function stop(): void {
    isStopped = true;
    clearTimeout(timer);
  }

  return {
    posted(post, n) {
      if (post === Post.Connect) isConnected = true;
      else if (post === Post.Disconnect) isConnected = false;
      else if (post === Post.Hidden) isHidden = n > 0;
      else if (post === Post.Suspend) isSuspended = true;
      else if (post === Post.Wake && n <= RESUME) isSuspended = false;
      if (isHidden || isSuspended) return pause();
      isUnsure ||= post !== Post.Hidden && post !== Post.Wake;
      look();
    },
    answered() {
      unanswered = 0;
    },
    stop,
  };
}
