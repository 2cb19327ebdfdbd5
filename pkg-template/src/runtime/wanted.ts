/**
 * What is wanted of a core for as long as nobody says otherwise: followed jobs, listeners, channels, entities, all jobs.
 * It is kept to be said again to the next core, where one died or another tab's takes over.
 */
import { Post } from "../wire/messages.js";
import type { Message } from "../wire/messages.js";

/** The listener of every event. */
const ANY = "*";

export interface Wanted {
  /** Takes a message in. By how much it changes what is wanted; `undefined` when it is of another kind. */
  note(message: Message): number | undefined;
  /** The messages that ask for all of it. */
  state(): Message[];
  /** Those that take it back. */
  withdraw(): Message[];
  follows(job: string): boolean;
  /** Whether changes of a job are wanted, followed or not. */
  sees(job: string): boolean;
  hears(event: string): boolean;
  channels(): string[];
  has(post: Message[0], text?: string): boolean;
}

/** Whether a message says what is wanted from now on. */
const isStanding = (post: Post) =>
  post <= Post.WatchAll || post === Post.Channel || post === Post.WatchEntities;

export type CreateWanted = typeof createWanted;

/** @param maxTexts how many texts of one message are kept; what goes beyond is ignored */
export function createWanted(maxTexts = Infinity): Wanted {
  /** By message, then by text: how often. */
  const counts = new Map<Message[0], Map<string, number>>();

  const of = (post: Message[0]) => {
    let found = counts.get(post);
    if (!found) counts.set(post, (found = new Map()));
    return found;
  };
  const has = (post: Message[0], text = "") => of(post).has(text);

  /** Never goes below 0: what was not wanted cannot be taken back. */
  function add(post: Message[0], text: string, delta: number, most = Infinity): number {
    const before = of(post).get(text) ?? 0;
    if (!before && of(post).size >= maxTexts) return 0;
    const count = Math.min(Math.max(before + delta, 0), most);
    if (count) of(post).set(text, count);
    else of(post).delete(text);
    return count - before;
  }

  function all(on: boolean): Message[] {
    const made: Message[] = [];
    for (const [post, texts] of counts) {
      for (const [text, count] of texts) {
        if (post === Post.Listen) made.push([post, on ? count : -count, text]);
        else if (post === Post.Follow) {
          for (let i = 0; i < count; i++) made.push([on ? post : Post.Unfollow, 0, text]);
        } else made.push([post, +on, text]);
      }
    }
    return made;
  }

  return {
    note([post, n = 0, text = ""]) {
      if (post === Post.Follow || post === Post.Unfollow) {
        return add(Post.Follow, text, post === Post.Follow ? 1 : -1);
      }
      if (post === Post.Listen) return add(post, text, n);
      return isStanding(post) ? add(post, text, n || -1, 1) : undefined;
    },
    state: () => all(true),
    withdraw: () => all(false),
    follows: (job) => has(Post.Follow, job),
    sees: (job) => has(Post.Follow, job) || has(Post.WatchAll),
    hears: (event) =>
      has(Post.Listen, event) ||
      has(Post.Listen, ANY) ||
      // Every event of a namespace.
      has(Post.Listen, event.replace(/,.*/s, `,${ANY}`)),
    channels: () => [...of(Post.Channel).keys()],
    has,
  };
}
