/** Keeps one screen in step with the performance: sends what a person does here, applies what the server says. */
import type { Channel, JobsClient } from "jobwire";
import { PERFORMANCE } from "../client";
import type { ConnectionPool, Lease } from "../connections/pool";
import { messageFor, readPerformance } from "./performance";
import type { Control, Controls } from "./performance";
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

const ALONE: SyncView = { ...NOTHING_KNOWN, socket: null, connected: false, problem: null };

export class PerformanceSync {
  readonly #pool: ConnectionPool;
  readonly #onChange: (view: SyncView) => void;
  #view = ALONE;
  #users = 0;
  #lease: Lease | undefined;
  #undos: (() => void)[] = [];
  #changes = 0;

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
    const { server, anchor, heardAt } = this.#view;
    this.#set({ ...ALONE, server, anchor, heardAt });
  }

  /** Shows a change at once and sends it. */
  change<C extends Control>(control: C, value: Controls[C]): void {
    this.#changes += 1;
    const number = this.#changes;
    const changed = changeHere(this.#view, control, value, number, performance.now());
    this.#set({ ...this.#view, ...changed, problem: null });
    const { socket, connected } = this.#view;
    if (socket && connected) void this.#request(socket, control, value, number);
    else if (socket) this.#queue(socket, control, value, number);
  }

  /** Tells where playback is here, to screens that join later. Worth nothing once it is late. */
  report(seconds: number): void {
    const { event, data } = messageFor("currentTime", seconds);
    this.#view.socket?.send(event, data, { volatile: true }).catch(() => {});
  }

  #follow(socket: Channel, client: JobsClient): void {
    const apply = (payload: unknown) => this.#applyState(payload);
    let wasOpen = false;
    this.#set({ ...this.#view, socket });
    this.#undos = [
      socket.on("performance_state", apply),
      socket.on("playback_play", () => this.#applyPlayback(true)),
      socket.on("playback_pause", () => this.#applyPlayback(false)),
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
    const queued = [...this.#view.own];
    socket
      .request("join_performance", undefined, { timeout: ACKNOWLEDGED_WITHIN_MS })
      .then(
        (state) => this.#applyState(state),
        () => {},
      )
      .finally(() => {
        for (const [control, { number }] of queued) this.#settle(control, number);
      });
  }

  async #request<C extends Control>(
    socket: Channel,
    control: C,
    value: Controls[C],
    number: number,
  ): Promise<void> {
    try {
      const { event, data } = messageFor(control, value);
      const answer = await socket.request<unknown>(event, data, { timeout: ACKNOWLEDGED_WITHIN_MS });
      const { ok, error } = (answer ?? {}) as { ok?: boolean; error?: string };
      if (ok === false) this.#set({ ...this.#view, problem: error ?? "The server refused the change." });
      else this.#applyState(answer);
      this.#settle(control, number);
    } catch (error) {
      const { code } = error as { code?: string };
      // Whether the server has it is not known; setting it once more does no harm.
      if (code === "network") this.#queue(socket, control, value, number);
      else this.#settle(control, number);
    }
  }

  /** For the time when there is a connection; of several changes of a control the last one only. */
  #queue<C extends Control>(socket: Channel, control: C, value: Controls[C], number: number): void {
    if (this.#view.own.get(control)?.number !== number) return;
    const { event, data, key } = messageFor(control, value);
    socket.send(event, data, { supersede: key, maxAge: OFFLINE_CHANGE_MS }).catch((error: Error) => {
      this.#settle(control, number);
      this.#set({ ...this.#view, problem: error.message });
    });
  }

  #applyState(payload: unknown): void {
    const state = readPerformance(payload);
    if (state) this.#set({ ...this.#view, ...serverSays(this.#view, state, performance.now()) });
  }

  /** Servers that tell no state with it leave it at the event. */
  #applyPlayback(isPlaying: boolean): void {
    const { server } = this.#view;
    if (server.isPlaying === isPlaying) return;
    this.#set({
      ...this.#view,
      server: { ...server, isPlaying },
      anchor: { seconds: server.currentTime, at: performance.now() },
    });
  }

  #settle(control: Control, number: number): void {
    this.#set({ ...this.#view, ...settle(this.#view, control, number) });
  }

  #set(view: SyncView): void {
    this.#view = view;
    this.#onChange(view);
  }
}
