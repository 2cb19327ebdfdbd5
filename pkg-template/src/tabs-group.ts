/**
 * Which of the tabs leads. Whoever holds one lock does; every tab holds a lock of its own beside, by which the leader
 * learns of its end, however it came. Everything else is said over a channel.
 */
import type { Hub } from "./tabs-hub.js";
import { areWords, EVERYBODY, Word } from "./tabs-wire.js";
import type { Call, Said, Words } from "./tabs-wire.js";

/** How often a visible tab looks whether the leader lives, ms. */
const TICK = 1000;
/** After so many looks without an answer it takes the lead; it waits for fewer when its page has just come back. */
const PATIENCE = 3;
const IN_DOUBT = 1;
/** A look that comes so late was held up itself, ms: what was said meanwhile has not been read. */
const HELD_UP = 500;

/** Brings messages to the core that serves a tab, in this page or another. */
export type Say = (messages: readonly Said[]) => void;

export interface Tab {
  /** This tab leads now: with a core of its own. */
  lead(own: string, tell: (tab: string, calls: Call[]) => void): Hub;
  /** It leads no more; resolves when it could again. */
  yield(): Promise<void>;
  /** Another core serves the tab from now on, reached by `say`. */
  linked(say: Say, isOwn: boolean): void;
  told(calls: Call[]): void;
}

export interface Group {
  /** The page came to the front, or went. */
  show(visible: boolean): void;
  /** The page is back from somewhere: the leader may not be. */
  probe(): void;
  leave(): void;
}

/** Resolves when the lock is held, with what releases it; `lost` is called when it was taken away. */
function hold(locks: LockManager, name: string, options: LockOptions, lost = () => {}): Promise<() => void> {
  return new Promise((resolve, reject) => {
    let isHeld = false;
    const keep = (release: () => void) => {
      isHeld = true;
      resolve(release);
    };
    locks
      .request(name, options, () => new Promise<void>(keep))
      .catch((cause) => (isHeld ? lost() : reject(cause)));
  });
}

/** Joins the tabs of this name. Rejects where there are no locks, or they are refused. */
export async function joinGroup(name: string, tab: Tab, isVisible: boolean): Promise<Group> {
  const { locks } = navigator;
  const own = crypto.randomUUID();
  const lockOf = (id: string) => `${name}:${id}`;
  const leaveLine = await hold(locks, lockOf(own), {});
  const channel = new BroadcastChannel(name);
  let hub: Hub | undefined;
  /** The number of whoever leads, as far as it is known. */
  let leader = 0;
  let isGone = false;
  let candidacy = new AbortController();
  let abdicate = () => {};
  let watches = new AbortController();
  /** Tabs whose end this one, leading, waits for. */
  let watched = new Set<string>();
  let visible = isVisible;
  let silent = 0;
  let due = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const post = (words: Words) => channel.postMessage(words);

  /** Asks for the lead, which it gets when nobody else has it; `steal` takes it from a leader that is silent. */
  function stand(steal = false): void {
    candidacy.abort();
    candidacy = new AbortController();
    hold(locks, name, steal ? { steal } : { signal: candidacy.signal }, dethroned).then(
      (release) => {
        if (isGone) release();
        else lead(release);
      },
      () => {},
    );
  }

  function lead(release: () => void): void {
    clearTimeout(timer);
    timer = undefined;
    abdicate = release;
    leader = Math.max(Date.now(), leader + 1);
    const mine = leader;
    watches = new AbortController();
    watched = new Set();
    const made = (hub = tab.lead(own, (to, calls) => hub === made && post([Word.Told, mine, to, calls])));
    // First the others: what goes wrong in this page does not keep them waiting.
    post([Word.Lead, leader]);
    tab.linked((messages) => made.hear(own, messages), true);
  }

  /** The lock was taken away: this page did not answer for a while. */
  function dethroned(): void {
    if (!hub) return;
    step();
    void tab.yield().then(() => {
      if (isGone) return;
      post([Word.Ping]);
      stand();
      look();
    });
  }

  function step(): void {
    hub = undefined;
    abdicate = () => {};
    watches.abort();
  }

  function hear(words: Words): void {
    const [word, number] = words;
    if (word === Word.Ping) {
      if (!hub) return;
      post([Word.Lead, leader]);
      // Where this page is hidden its timers are held back, and somebody looks at the tab that asks.
      hub.look();
      return;
    }
    if (word === Word.Lead) {
      if (!hub && number >= leader) follow(number);
      return;
    }
    if (number !== leader) return;
    const [, , id] = words;
    if (word === Word.Told) {
      if (hub || (id !== own && id !== EVERYBODY)) return;
      silent = 0;
      tab.told(words[3]);
    } else if (hub && id !== own) {
      if (word === Word.Bye) hub.leave(id);
      else welcome(id, words[3]);
    }
  }

  function follow(number: number): void {
    silent = 0;
    if (number === leader) return;
    leader = number;
    tab.linked((messages) => post([Word.Say, number, own, [...messages]]), false);
  }

  function welcome(id: string, messages: readonly Said[]): void {
    const host = hub;
    host?.hear(id, messages);
    if (watched.has(id)) return;
    watched.add(id);
    // Granted when the tab is no more.
    hold(locks, lockOf(id), { signal: watches.signal }).then(
      (release) => {
        release();
        watched.delete(id);
        host?.leave(id);
      },
      () => {},
    );
  }

  /** Looks after the leader as long as somebody looks at this tab. */
  function look(): void {
    if (timer !== undefined || hub || isGone || !visible) return;
    due = performance.now() + TICK;
    timer = setTimeout(() => {
      timer = undefined;
      if (performance.now() - due < HELD_UP && ++silent > PATIENCE) {
        silent = 0;
        stand(true);
      } else post([Word.Ping]);
      look();
    }, TICK);
  }

  channel.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (isGone || !areWords(data)) return;
    try {
      hear(data);
    } catch {
      // The shape was right, what was in it was not: not by a tab of this version.
    }
  };
  post([Word.Ping]);
  stand();
  look();

  return {
    show(now) {
      visible = now;
      if (now) look();
      else {
        clearTimeout(timer);
        timer = undefined;
      }
    },
    probe() {
      if (hub) return;
      silent = Math.max(silent, PATIENCE - IN_DOUBT);
      post([Word.Ping]);
    },
    leave() {
      isGone = true;
      clearTimeout(timer);
      candidacy.abort();
      if (leader && !hub) post([Word.Bye, leader, own]);
      const release = abdicate;
      step();
      release();
      leaveLine();
      channel.close();
    },
  };
}
