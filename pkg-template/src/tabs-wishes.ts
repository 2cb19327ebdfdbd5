/** What one tab wants of the core: jobs followed, events listened to, channels. Enough to want it again elsewhere. */
import { Post } from "./messages.js";
import type { Message } from "./messages.js";

/** Hears every event. */
const ANY = "*";

export interface Wishes {
  /** Takes a message in. By how much it changes a wish; 0 when it changes or is none. */
  note(message: Message): number;
  /** The messages that wish all of it. */
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

export const isWish = (post: Post) =>
  post <= Post.WatchAll || post === Post.Channel || post === Post.WatchEntities;

export function createWishes(): Wishes {
  /** By message, then by text: how often. */
  const counts = new Map<Message[0], Map<string, number>>();

  const of = (post: Message[0]) => {
    let found = counts.get(post);
    if (!found) counts.set(post, (found = new Map()));
    return found;
  };
  const has = (post: Message[0], text = "") => of(post).has(text);

  /** Takes nobody else's wish back: below 0 there is nothing of this tab. */
  function add(post: Message[0], text: string, delta: number, most = Infinity): number {
    const before = of(post).get(text) ?? 0;
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
      return isWish(post) ? add(post, text, n || -1, 1) : 0;
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
