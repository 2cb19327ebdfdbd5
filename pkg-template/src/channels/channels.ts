/** Who uses which namespace, and what is said over it. The client's own methods are a use of one, which never ends. */
import { isBlob, pack } from "./attachments.js";
import { closedError, configError, JobsError } from "../errors.js";
import { ANY, createRegistry } from "./listeners.js";
import type { Registry } from "./listeners.js";
import { Post } from "../wire/messages.js";
import type { Core, Message } from "../wire/messages.js";
import { checkNamespace, wrongOption } from "../client/options.js";
import { quietly, rejected, textOf } from "../store/report.js";
import type { Guard } from "../store/report.js";
import { createCell } from "../store/store.js";
import type { Cell } from "../store/store.js";
import type * as T from "../types.js";

export const IDLE: T.ConnectionStatus = { state: "idle", attempt: 0, everConnected: false };

export interface Room {
  status: Cell<T.ConnectionStatus>;
  /** What each user listens to. */
  users: Set<Registry>;
  /** Ends with the last message that waits for a `Blob` to be read. */
  line?: Promise<void> | undefined;
}

export interface Rooms extends Map<string, Room> {
  /** That of a namespace, made where there is none. */
  enter(name: string): Room;
}

/** Has something sent to a room, its attachments before it. */
export type Say = <R>(
  room: Room,
  data: unknown,
  spread: unknown,
  send: (json?: string) => Promise<R>,
) => Promise<R>;

interface Client {
  post: Core;
  /** Sends a message that is answered. */
  ask<R>(message: Message[0], text?: string, m?: number, data?: string, supersede?: string): Promise<R>;
  guard: Guard;
  /** The same for those who watch a connection: they hear that the client was closed. */
  statusGuard: Guard;
  isClosed: () => boolean;
  /** Somebody wants (+1) or no longer wants (−1) to hear of every job. */
  watchAll: (delta: 1 | -1) => void;
}

const notSpoken = (what: string) => configError(`This protocol has no ${what}.`, 'Use "socket.io".');

const unsendable = (fault: unknown) =>
  new JobsError("validation", `The data cannot be sent: ${textOf(fault)}`, "Send plain data.", false, fault);

/** `home` is the namespace of the client's own methods; empty where the protocol has none. */
export function createChannels<Events>(
  { post, ask, guard, statusGuard, isClosed, watchAll }: Client,
  home: string,
) {
  const rooms: Rooms = Object.assign(new Map<string, Room>(), { enter });

  function enter(name: string): Room {
    let room = rooms.get(name);
    if (!room) {
      const status = createCell<T.ConnectionStatus>(
        isClosed() ? { ...IDLE, state: "closed" } : IDLE,
        statusGuard,
      );
      rooms.set(name, (room = { status, users: new Set() }));
    }
    return room;
  }

  /** An event's name as the core has it. */
  const coded = (name: string, event: PropertyKey) => {
    const text = String(event);
    return !home || (name === home && text[0] !== "/") ? text : `${name},${text}`;
  };

  /** Has something sent, with its attachments before it, and in a room one behind the other. */
  const say: Say = (room, data, spread, send) => {
    const { json, fault = spread && !Array.isArray(data) && "It is no list to spread.", parts } = pack(data);
    if (fault) return rejected(unsendable(fault));
    if (parts.length && !home) return rejected(notSpoken("binary data"));
    const go = (read: ArrayBuffer[]) => {
      for (const bytes of read) post(Post.Attach, bytes);
      return send(spread ? json?.slice(1, -1) || undefined : json);
    };
    if (!room.line && !parts.some(isBlob)) return go(parts as ArrayBuffer[]);
    const ready = Promise.resolve(room.line).then(() =>
      Promise.all(parts.map((part) => (isBlob(part) ? part.arrayBuffer() : part))),
    );
    const sent = ready.then(go, (cause) => Promise.reject(unsendable(cause)));
    const next = () => {
      if (room.line === line) room.line = undefined;
    };
    const line = (room.line = ready.then(next, next));
    return quietly(sent);
  };

  /** One more user of a namespace. */
  function use(name: string): Omit<T.Channel<Events>, "name"> {
    const room = enter(name);
    const { users, status } = room;
    const isHome = name === home;
    const listeners = createRegistry(guard, (event, delta) => {
      if (!users.has(listeners)) return;
      if (isHome && (event === "job" || event === ANY)) watchAll(delta);
      if (!isHome || event !== "job") post(Post.Listen, delta, coded(name, event));
    });
    const add = (event: PropertyKey, listener: (...args: never[]) => void, once?: boolean) =>
      listeners.add(event as string, listener, once);
    /** `ms`: how long something may take, if it was said, and what that option is called. */
    const speak = <R>(name: string, ms: unknown, ...said: Parameters<typeof say<R>>): Promise<R> => {
      if (!users.has(listeners)) return rejected(closedError());
      const isTime = ms === undefined || (typeof ms === "number" && ms > 0 && ms < Infinity);
      return isTime ? say(...said) : rejected(wrongOption(name, "a finite number above 0"));
    };
    users.add(listeners);

    return {
      connection: status,
      on: (event, listener) => add(event, listener),
      once: (event, listener) => add(event, listener, true),
      off: (event, listener) => listeners.remove(event as string, listener),
      onAny: (listener) => add(ANY, listener),
      send: (event, data, { volatile, supersede, maxAge, spread } = {}) =>
        speak("maxAge", maxAge, room, data, spread, (json) =>
          ask(volatile ? Post.SendVolatile : Post.Send, coded(name, event), maxAge, json, supersede),
        ),
      request: (event, data, { timeout, spread } = {}) =>
        home
          ? speak("timeout", timeout, room, data, spread, (json) =>
              ask(Post.Request, coded(name, event), timeout, json),
            )
          : rejected(notSpoken("acknowledgements")),
      close() {
        listeners.clear();
        const leave = () => {
          if (users.size) return;
          post(Post.Channel, 0, name);
          // Otherwise it is forgotten when the core says that it closed.
          if (/idle|failed|closed/.test(status.current.state)) rooms.delete(name);
        };
        if (!users.delete(listeners)) return;
        // What was said before goes before.
        if (room.line) void room.line.then(leave);
        else leave();
      },
    };
  }

  const emit = (name: string, event: string, payload: unknown, meta: T.EventMeta) => {
    for (const user of [...(rooms.get(name)?.users ?? [])]) user.emit(event, payload, meta);
  };

  return {
    own: use(home),
    rooms,
    emit,
    say,
    channel(name: string): T.Channel<Events> {
      if (!home) throw notSpoken("channels");
      checkNamespace("name", name);
      if (!enter(name).users.size) post(Post.Channel, 1, name);
      return { name, ...use(name) };
    },
  };
}
