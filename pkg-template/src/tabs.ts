/**
 * One core for all tabs of an origin that want the same: one of them leads and runs it, the others exchange the messages
 * of docs/core-messages.md with it. A file of its own, because only clients with `shareAcrossTabs` need it.
 */
import type { Warn } from "./host.js";
import { Post } from "./messages.js";
import type { Core, Sink } from "./messages.js";
import { joinGroup } from "./tabs-group.js";
import type { Group } from "./tabs-group.js";
import { createHub } from "./tabs-hub.js";
import { createSeat } from "./tabs-seat.js";

/** That of the package: another one may tell things in another way. */
declare const JOBWIRE_VERSION: string;

/** A state of the connection. */
const SUSPENDED = 5;
/** The last reason of a wake that may mean a return from the back/forward cache. */
const RESUME = 2;
/** Where the protocol is in the config, and which one tells ends by events of its own names. */
const PROTOCOL = 25;
const STREAM = 0;

type Open = (sink: Sink, warn: Warn) => Promise<Core>;

/** A core that does nothing until it serves. */
interface Standby {
  core: Core;
  serve(sink: Sink): void;
}

/** Tabs share what has the same name. It tells nobody what is in the config. */
async function nameOf(config: string, scope: string): Promise<string> {
  const text = new TextEncoder().encode(JSON.stringify([JOBWIRE_VERSION, scope, config]));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", text));
  return `jobwire:${Array.from(digest.subarray(0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** Resolves with what opens a shared core; rejects where tabs cannot share. */
export async function findTabs(config: string, scope: string) {
  // Node has channels and locks as well, but no tabs.
  if (!globalThis.isSecureContext) throw "it takes a page that came by HTTPS";
  const name = await nameOf(config, scope);
  // Either throws where it is missing, or in an origin that nothing else belongs to, such as a sandboxed frame's.
  new BroadcastChannel(name).close();
  await navigator.locks.query();
  const isStream = (JSON.parse(config) as unknown[])[PROTOCOL] === STREAM;
  return (sink: Sink, warn: Warn, open: Open) => share(name, createSeat(isStream, sink), warn, open);
}

async function share(
  name: string,
  seat: ReturnType<typeof createSeat>,
  warn: Warn,
  open: Open,
): Promise<Core> {
  let standby: Standby | undefined;
  let group: Group | undefined;
  let isLeading = false;
  let isAway = false;
  let isVisible = true;
  /** Counts the times this page joined or left: what takes a while may be overtaken. */
  let moves = 0;

  async function start(): Promise<void> {
    let sink: Sink = () => {};
    const core = await open(
      (...call) => sink(...call),
      (code, message, level) => {
        if (level === "error") exit();
        warn(code, message, level);
      },
    );
    if (!isVisible) core(Post.Hidden, 1);
    standby = { core, serve: (to) => (sink = to) };
  }

  function stop(): void {
    standby?.serve(() => {});
    standby?.core(Post.Shutdown);
    standby = undefined;
    isLeading = false;
  }

  async function enter(): Promise<void> {
    const move = ++moves;
    // Every tab has a core in reserve, so that it can take over even where nothing can be loaded any more.
    if (!standby) await start();
    if (move !== moves) return;
    const joined = await joinGroup(
      name,
      {
        lead(own, tell) {
          const { core, serve } = standby as Standby;
          const hub = createHub(core, own, seat.told, tell);
          isLeading = true;
          serve(hub.sink);
          return hub;
        },
        async yield() {
          seat.unlink();
          stop();
          await start();
        },
        linked: seat.link,
        told: seat.told,
      },
      isVisible,
    );
    if (move === moves) group = joined;
    else joined.leave();
  }

  function exit(state?: number): void {
    moves++;
    seat.unlink(state);
    // The connection is closed before another tab opens its own.
    if (isLeading) stop();
    group?.leave();
    group = undefined;
  }

  await enter();
  return (...message) => {
    const [post, n = 0] = message;
    if (post === Post.Shutdown) {
      exit();
      return stop();
    }
    if (post === Post.Suspend) {
      isAway = true;
      return exit(SUSPENDED);
    }
    if (post === Post.Hidden) {
      isVisible = !n;
      standby?.core(...message);
      return group?.show(isVisible);
    }
    if (post === Post.Wake) {
      if (isAway && +n <= RESUME) {
        isAway = false;
        enter().catch((cause) => warn("core-died", `The core did not start again: ${cause}`, "error"));
      }
      group?.probe();
    }
    seat.post(...message);
  };
}
