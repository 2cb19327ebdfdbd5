/** Keeps one screen in step with the performance: sends what a person does here, applies what the server says. */
import type { Channel, JobsClient } from "jobwire";
import { PERFORMANCE } from "../client";
import type { ConnectionPool, Lease } from "../connections/pool";
import { messageFor, readPerformance } from "./performance";
import type { Control, Controls, PerformanceState } from "./performance";
import { changeHere, meetAnew, NOTHING_KNOWN, serverSays, settle } from "./reconcile";
import type { Reconciled } from "./reconcile";

/** How long a change may go without an acknowledgement before the server's state is shown again. */
const ACKNOWLEDGED_WITHIN_MS = 3000;
/** How long a change that was made without a connection is worth sending. */
const OFFLINE_CHANGE_MS = 60_000;

export interface SyncView extends Reconciled {
  readonly socket: Channel | null;
  readonly connected: boolean;
  /** What went wrong with the last change, in words. */
  readonly problem: string | null;
}

interface LostChange {
  readonly change: Partial<Controls>;
  /** What the server had when it was made. */
  readonly base: PerformanceState;
}

const ALONE: SyncView = { ...NOTHING_KNOWN, socket: null, connected: false, problem: null };

export class PerformanceSync {
  readonly #pool: ConnectionPool;
  readonly #onChange: (view: SyncView) => void;
  #view = ALONE;
  #users = 0;
  #lease: Lease | undefined;
  #undos: (() => void)[] = [];
  #changes = 0;
  /** Changes whose acknowledgement was lost with the connection, by number. */
  readonly #lost = new Map<number, LostChange>();

  constructor(pool: ConnectionPool, onChange: (view: SyncView) => void) {
    this.#pool = pool;
    this.#onChange = onChange;
  }

  /** Joins the performance; counted, so that every connect has its disconnect. */
  connect(): void {
    this.#users += 1;
    if (this.#users > 1) return;
    this.#lease = this.#pool.getConnection(PERFORMANCE);
    this.#follow(this.#lease.channel, this.#pool.client);
  }

  /** Leaves it with its last user. */
  disconnect(): void {
    if (this.#users === 0) return;
    this.#users -= 1;
    if (this.#users > 0) return;
    for (const undo of this.#undos.splice(0)) undo();
    // Nobody who is not there has to be told later.
    this.#lease?.channel.send("leave_performance", undefined, { volatile: true }).catch(() => {});
    this.#lease?.release();
    this.#lease = undefined;
    this.#lost.clear();
    const { server, anchor, heardAt } = this.#view;
    this.#set({ ...ALONE, server, anchor, heardAt });
  }

  /** Shows a change at once and sends it. */
  change(change: Partial<Controls>): void {
    this.#changes += 1;
    const number = this.#changes;
    const changed = changeHere(this.#view, change, number, performance.now());
    this.#set({ ...this.#view, ...changed, problem: null });
    const { socket, connected } = this.#view;
    if (socket && connected) void this.#request(socket, change, number);
    else if (socket) this.#queue(socket, change, number);
  }

  /** Tells where playback is here, to screens that join later. Worth nothing once it is late. */
  report(seconds: number): void {
    const { event, data } = messageFor({ currentTime: seconds });
    this.#view.socket?.send(event, data, { volatile: true }).catch(() => {});
  }

  #follow(socket: Channel, client: JobsClient): void {
    const apply = (payload: unknown) => this.#applyState(payload);
    let wasOpen = false;
    this.#set({ ...this.#view, socket });
    this.#undos = [
      socket.on("performance_state", apply),
      socket.on("playback_play", (payload) => this.#applyPlayback(true, payload ?? {})),
      socket.on("playback_pause", (payload) => this.#applyPlayback(false, payload ?? {})),
      socket.connection.subscribe(({ state }) => {
        const connected = state === "open";
        if (connected !== this.#view.connected) this.#set({ ...this.#view, connected });
        if (connected && !wasOpen) this.#join(socket);
        wasOpen = connected;
      }),
      // A connection that came back within a frame shows no other state than "open".
      client.on("reconnected", () => this.#join(socket)),
    ];
  }

  /** What was queued is sent before it, so its answer contains every change that was made without a connection. */
  #join(socket: Channel): void {
    this.#set({ ...this.#view, ...meetAnew(this.#view) });
    const queued = new Set([...this.#view.own.values()].map(({ number }) => number));
    for (const number of this.#lost.keys()) queued.delete(number);
    socket
      .request("join_performance", undefined, { timeout: ACKNOWLEDGED_WITHIN_MS })
      .then(
        (state) => this.#applyState(state),
        () => {},
      )
      .finally(() => {
        for (const number of queued) this.#settle(number);
        this.#repeatLost(socket);
      });
  }

  /** Where the server still has what a lost change replaced, it cannot have got it; elsewhere news are newer. */
  #repeatLost(socket: Channel): void {
    const lost = [...this.#lost];
    this.#lost.clear();
    for (const [number, { change, base }] of lost) {
      const { server } = this.#view;
      const isMissing = (Object.keys(change) as Control[]).some(
        (control) => server[control] === base[control],
      );
      if (isMissing && this.#isOwn(number)) void this.#request(socket, change, number);
      else this.#settle(number);
    }
  }

  async #request(socket: Channel, change: Partial<Controls>, number: number): Promise<void> {
    const base = this.#view.server;
    try {
      const { event, data } = messageFor(change);
      const answer = await socket.request<unknown>(event, data, { timeout: ACKNOWLEDGED_WITHIN_MS });
      const { ok, error } = (answer ?? {}) as { ok?: boolean; error?: string };
      if (ok === false) this.#set({ ...this.#view, problem: error ?? "The server refused the change." });
      else this.#applyState(answer);
      this.#settle(number);
    } catch (error) {
      const { code } = error as { code?: string };
      // Whether the server got it is not known before this page has joined again.
      if (code === "network" && this.#isOwn(number)) this.#lost.set(number, { change, base });
      else this.#settle(number);
    }
  }

  /** For the time when there is a connection; of several changes of a control the last one only. */
  #queue(socket: Channel, change: Partial<Controls>, number: number): void {
    const { event, data, key } = messageFor(change);
    socket.send(event, data, { supersede: key, maxAge: OFFLINE_CHANGE_MS }).catch((error: Error) => {
      this.#settle(number);
      this.#set({ ...this.#view, problem: error.message });
    });
  }

  #applyState(payload: unknown): void {
    const state = readPerformance(payload);
    if (state) this.#set({ ...this.#view, ...serverSays(this.#view, state, performance.now()) });
  }

  /** The state follows it, but not from every server. */
  #applyPlayback(isPlaying: boolean, { currentTime, revision }: Record<string, unknown>): void {
    const { server } = this.#view;
    if (typeof revision === "number" && revision <= server.revision) return;
    if (server.isPlaying === isPlaying) return;
    const seconds = typeof currentTime === "number" ? currentTime : server.currentTime;
    this.#set({
      ...this.#view,
      server: { ...server, isPlaying, currentTime: seconds },
      anchor: { seconds, at: performance.now() },
    });
  }

  /** Whether a change is still the last one of some control. */
  #isOwn(number: number): boolean {
    return [...this.#view.own.values()].some((own) => own.number === number);
  }

  #settle(number: number): void {
    this.#set({ ...this.#view, ...settle(this.#view, number) });
  }

  #set(view: SyncView): void {
    this.#view = view;
    this.#onChange(view);
  }
}
