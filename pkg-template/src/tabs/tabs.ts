/**
 * One core for all tabs of an origin that want the same: one of them leads and runs it, the others exchange the messages
 * of docs/core-messages.md with it. A file of its own, because only clients with `shareAcrossTabs` need it.
 */
import type { CoreConfig } from "../wire/config.js";
import type { Cleaner, Warn } from "../runtime/start.js";
import { Post } from "../wire/messages.js";
import type { Core, Sink } from "../wire/messages.js";
import { joinGroup } from "./group.js";
import type { Group } from "./group.js";
import { createHub } from "./leader.js";
import { createSeat } from "./tab.js";
import type { Seat } from "./tab.js";
import type { CreateWanted } from "../runtime/wanted.js";

/** That of the package: another one may tell things in another way. */
declare const JOBWIRE_VERSION: string;

/** A state of the connection. */
const SUSPENDED = 5;
/** The last reason of a wake that may mean a return from the back/forward cache. */
const RESUME = 2;
/** How long a message waits where the config says nothing, ms. */
const DEFAULT_AGE = 60_000;

/** What the core calls the ends of jobs that it reads over HTTP, completed, failed and cancelled, by protocol. */
const ENDS = [["completed", "error", "cancelled"], [], ["job_completed", "job_failed", "job_cancelled"]];

type Open = (sink: Sink, warn: Warn) => Promise<Core>;

/** A core that does nothing until it serves. */
interface Standby {
  core: Core;
  serve(sink: Sink): void;
}

/** Tabs share what has the same name. It tells nobody what is in the config. */
async function nameOf(...what: [config: string, scope: string | true]): Promise<string> {
  const text = new TextEncoder().encode(JSON.stringify([JOBWIRE_VERSION, ...what]));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", text));
  return `jobwire:${Array.from(digest.subarray(0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

function endsOf({ protocol, pollingUrl, interval }: CoreConfig): readonly string[] {
  // With Socket.IO jobs are read only where the app says how; with `stream` the server tells of an end once more.
  return (!protocol || (pollingUrl && interval !== 0) ? ENDS[protocol] : undefined) ?? [];
}

/** What tabs share. */
interface Shared {
  config: CoreConfig;
  /** As the core reads it. */
  encoded: string;
  scope: string | true;
  secrets: Cleaner;
  /** Given, since this chunk shares no code with the rest of the page. */
  createWanted: CreateWanted;
}

/** Resolves with what opens a shared core; rejects with a sentence where tabs cannot share. */
export async function findTabs({ config, encoded, scope, secrets, createWanted }: Shared) {
  try {
    // Node has channels and locks as well, but no tabs.
    if (!globalThis.isSecureContext) throw "it takes a page that came by HTTPS";
    const name = await nameOf(encoded, scope);
    // Either throws where it is missing, or in an origin that nothing else belongs to, such as a sandboxed frame's.
    new BroadcastChannel(name).close();
    await navigator.locks.query();
    const { maxAge = DEFAULT_AGE } = config;
    return (sink: Sink, warn: Warn, open: Open) => {
      const seat = createSeat({ wishes: createWanted(), ends: endsOf(config), maxAge, sink });
      return share({ name, secrets, createWanted, seat }, warn, open);
    };
  } catch (cause) {
    throw `Each tab has its own connection (${cause}).`;
  }
}

/** A page that shares. */
interface Sharer {
  /** Of what it shares. */
  name: string;
  seat: Seat;
  secrets: Cleaner;
  createWanted: CreateWanted;
}

async function share({ name, seat, secrets, createWanted }: Sharer, warn: Warn, open: Open): Promise<Core> {
  let standby: Standby | undefined;
  let starting: Promise<void> | undefined;
  let group: Group | undefined;
  let isLeading = false;
  let isAway = false;
  let isVisible = true;
  let isOver = false;
  /** Counts the times this page joined or left: what takes a while may be overtaken. */
  let moves = 0;

  async function start(): Promise<void> {
    let sink: Sink = () => {};
    const core = await open(
      (...call) => sink(...call),
      (code, message, level) => {
        // Of one that is not needed any more nobody has to hear.
        if (level === "error" && standby?.core !== core) return;
        if (level === "error") end();
        warn(code, message, level);
      },
    );
    if (isOver) return core(Post.Shutdown);
    if (!isVisible) core(Post.Hidden, 1);
    standby = { core, serve: (to) => (sink = to) };
  }

  /** Has a core ready to serve. */
  async function prepare(): Promise<void> {
    if (!standby) await (starting ??= start().finally(() => (starting = undefined)));
  }

  function stop(): void {
    const old = standby;
    standby = undefined;
    isLeading = false;
    old?.serve(() => {});
    old?.core(Post.Shutdown);
  }

  async function enter(): Promise<void> {
    const move = ++moves;
    // Every tab has a core in reserve, so that it can take over even where nothing can be loaded any more.
    await prepare();
    if (move !== moves) return;
    const joined = await joinGroup(
      name,
      {
        lead(own, tell) {
          const { core, serve } = standby as Standby;
          const hub = createHub(core, own, { tellOwn: seat.told, tell, secrets, createWanted });
          isLeading = true;
          serve(hub.sink);
          return hub;
        },
        yield() {
          seat.unlink();
          stop();
          return prepare().catch(fail);
        },
        linked: seat.link,
        told: seat.told,
        refuse: seat.refuse,
        warn,
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

  /** Final. */
  function end(): void {
    isOver = true;
    exit();
    stop();
  }

  function fail(cause: unknown): void {
    end();
    warn("core-died", `The core did not start again: ${cause}`, "error");
  }

  await enter();
  return (...message) => {
    const [post, n = 0] = message;
    if (isOver) return;
    if (post === Post.Shutdown) return end();
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
        enter().catch(fail);
      }
      group?.probe();
    }
    seat.post(...message);
  };
}
