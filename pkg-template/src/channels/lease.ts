/** A channel for as long as a component is there: opened when it is used or the component shows, not by rendering. */
import type { Channel, ConnectionStatus, JobsClient } from "../index.js";

export interface Lease<Events> {
  channel: Channel<Events>;
  /** Opens it; the undo closes it so many ms later, unless it is held again before. */
  hold(linger?: number): () => void;
  readonly isOver: boolean;
}

const IDLE: ConnectionStatus = { state: "idle", attempt: 0, everConnected: false };

export function leaseChannel<Events>(client: JobsClient<Events>, name: string): Lease<Events> {
  let real: Channel<Events> | undefined;
  let isOver = false;
  let closing: ReturnType<typeof setTimeout>;
  const open = () => {
    real ??= client.channel(name);
    // After the end nobody would close it: what is called on it says that it is closed.
    if (isOver) real.close();
    return real;
  };
  const close = () => {
    isOver = true;
    real?.close();
  };
  return {
    channel: {
      name,
      connection: {
        get current() {
          return real?.connection.current ?? IDLE;
        },
        subscribe: (listener) => open().connection.subscribe(listener),
      },
      on: (...args) => open().on(...args),
      once: (...args) => open().once(...args),
      off: (...args) => open().off(...args),
      onAny: (listener) => open().onAny(listener),
      send: (...args) => open().send(...args),
      request: (...args) => open().request(...args),
      close,
    },
    hold(linger = 0) {
      clearTimeout(closing);
      open();
      return () => {
        closing = setTimeout(close, linger);
      };
    },
    get isOver() {
      return isOver;
    },
  };
}
