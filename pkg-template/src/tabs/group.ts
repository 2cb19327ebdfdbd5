/**
 * Which of the tabs leads. Locks decide that (tabs-locks.ts); everything else goes over a channel, to which every script
 * of the origin can post. What is claimed there counts only when the locks confirm it.
 */
import type { Warn } from "../runtime/start.js";
import type { Hub } from "./leader.js";
import { findLeader, hold, lockOfLeader, lockOfTab } from "./locks.js";
import { createMembers } from "./members.js";
import type { Members } from "./members.js";
import { paced } from "./pace.js";
import { MAX_SIZE, parseSaid, parseWords, sizeOf, toChannel } from "./parse.js";
import { EVERYBODY, MAX_LIST, Word } from "./wire.js";
import type { Call, Said, Say, Words } from "./wire.js";

/** How often a visible tab looks whether the leader lives, ms. */
const TICK = 1000;
/** After so many looks without an answer it takes the lead; it waits for fewer when its page has just come back. */
const PATIENCE = 3;
const IN_DOUBT = 1;
/** A look that comes so late was held up itself, ms: what was said meanwhile has not been read. */
const HELD_UP = 500;
/** How often dropped messages are logged at most, ms. */
const LOG_INTERVAL = 60_000;

export interface Tab {
  /** This tab leads now: with a core of its own. */
  lead(own: string, tell: (tab: string, calls: Call[]) => void): Hub;
  /** It leads no more; resolves when it could again. */
  yield(): Promise<void>;
  /** Another core serves the tab from now on, reached by `say`. */
  linked(say: Say, isOwn: boolean): void;
  told(calls: readonly Call[]): void;
  /** A message of this tab is larger than what goes over the channel. */
  refuse(message: Said): void;
  warn: Warn;
}

export interface Group {
  /** The page came to the front, or went. */
  show(visible: boolean): void;
  /** The page is back from somewhere: the leader may not be. */
  probe(): void;
  leave(): void;
}

/** Joins the tabs of this name. Rejects where there are no locks, or they are refused. */
export async function joinGroup(name: string, tab: Tab, isVisible: boolean): Promise<Group> {
  const { locks } = navigator;
  const own = crypto.randomUUID();
  const leaveLine = await hold(locks, lockOfTab(name, own), {});
  const channel = new BroadcastChannel(name);
  let hub: Hub | undefined;
  /** Whom this tab, leading, serves. */
  let members: Members | undefined;
  /** The number of whoever leads, as far as it is known. */
  let leader = 0;
  let isGone = false;
  let candidacy = new AbortController();
  let abdicate = () => {};
  /** Gives the lock back that has this leader's number; `undefined` before it is held. */
  let unclaim: (() => void) | undefined;
  let visible = isVisible;
  let silent = 0;
  let due = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let dropped = 0;
  let loggedAt = -Infinity;

  const post = (words: Words) => channel.postMessage(toChannel(words));

  function drop(why: string, level: "info" | "warn" = "info"): void {
    dropped++;
    const now = performance.now();
    if (now - loggedAt < LOG_INTERVAL) return;
    loggedAt = now;
    const messages = dropped === 1 ? "A message" : `${dropped} messages`;
    dropped = 0;
    tab.warn(
      "tabs-dropped",
      `${messages} on the tabs' channel had no effect; of the last one: ${why}.`,
      level,
    );
  }

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
    const next = Math.max(Date.now(), leader + 1);
    const mine = (leader = Number.isSafeInteger(next) ? next : Date.now());
    const made = (hub = tab.lead(own, (to, calls) => hub === made && post([Word.Told, mine, to, calls])));
    members = createMembers(locks, name, { hear: made.hear, leave: made.leave, refuse: drop });
    // What goes wrong in this page does not keep the others waiting.
    hold(locks, lockOfLeader(name, mine), {}).then(
      (giveBack) => {
        if (hub !== made) return giveBack();
        unclaim = giveBack;
        post([Word.Lead, mine]);
      },
      () => {},
    );
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
    members?.dismiss();
    members = undefined;
    unclaim?.();
    unclaim = undefined;
    abdicate = () => {};
  }

  const answer = paced(async () => {
    if (!hub || !unclaim) return;
    post([Word.Lead, leader]);
    // Where this page is hidden its timers are held back, and somebody looks at the tab that asks.
    hub.look();
  });

  /** The last number that somebody claimed. */
  let claimed = 0;
  /** Somebody claims to lead: the locks know who does. */
  const confirm = paced(async () => {
    const found = await findLeader(locks, name).catch(() => undefined);
    if (isGone || hub) return;
    if (found !== claimed) drop("no lock confirms who claims to lead");
    if (found !== undefined && found !== leader) follow(found);
  });

  function hear(words: Words): void {
    const [word, number] = words;
    if (word === Word.Ping) {
      if (hub) answer();
      return;
    }
    if (word === Word.Lead) {
      if (hub) return;
      if (number === leader) {
        silent = 0;
        return;
      }
      claimed = number;
      confirm();
      return;
    }
    if (number !== leader) return;
    const [, , id] = words;
    if (words[0] === Word.Told) {
      if (hub || (id !== own && id !== EVERYBODY)) return;
      silent = 0;
      tab.told(words[3]);
    } else if (id !== own) members?.hear(id, words[3]);
  }

  function follow(number: number): void {
    silent = 0;
    leader = number;
    tab.linked((messages) => say(number, messages), false);
  }

  /** Sends messages to the leader, many or large ones in several parts. */
  function say(number: number, messages: readonly Said[]): void {
    let part: Said[] = [];
    let size = 0;
    for (const message of messages) {
      const its = sizeOf(message);
      if (its > MAX_SIZE || !parseSaid(message)) {
        tab.refuse(message);
        continue;
      }
      if (part.length === MAX_LIST || size + its > MAX_SIZE) {
        post([Word.Say, number, own, part]);
        [part, size] = [[], 0];
      }
      part.push(message);
      size += its;
    }
    // Without any message the tab is served from now on all the same.
    post([Word.Say, number, own, part]);
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
    if (isGone) return;
    const words = parseWords(data);
    if (!words) return drop("it is not of this version, or not well-formed", "warn");
    try {
      hear(words);
    } catch (cause) {
      drop(`it could not be carried out (${cause})`, "warn");
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
      const release = abdicate;
      step();
      release();
      leaveLine();
      channel.close();
    },
  };
}
