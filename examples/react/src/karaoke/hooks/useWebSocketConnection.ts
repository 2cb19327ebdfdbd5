import type { Channel, ConnectionStatus, Store } from "jobwire";
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from "react";
import type { Lease } from "../connections/pool";
import { poolOf } from "../connections/pools";

export interface WebSocketConnectionOptions {
  /** Default `/`. */
  namespace?: string;
  onConnect?: () => void;
  onDisconnect?: () => void;
  onError?: (error: Error) => void;
}

export interface WebSocketConnection {
  /** The channel, while this component has one. */
  readonly socket: Channel | null;
  readonly connected: boolean;
  /** Why it is not connected, as far as that is known. */
  readonly error: Error | null;
  /** Takes the channel again after `disconnect()`, and tries again where the client has given up. */
  connect(): void;
  /** Gives the channel back; other components keep theirs. */
  disconnect(): void;
}

const ABSENT: Store<ConnectionStatus> = {
  current: { state: "idle", attempt: 0, everConnected: false },
  subscribe: () => () => {},
};

/**
 * A channel to a server while the component is mounted, over the one connection that all components share. Handlers may
 * be new functions in every render; nothing connects anew for that.
 */
export function useWebSocketConnection(
  url: string,
  { namespace = "/", ...handlers }: WebSocketConnectionOptions = {},
): WebSocketConnection {
  const [lease, setLease] = useState<Lease | null>(null);
  const latest = useRef(handlers);
  useEffect(() => {
    latest.current = handlers;
  });

  // Bumped by connect(): the effect below gives the old lease back and takes a new one.
  const [wish, setWish] = useState({ wanted: true });
  useEffect(() => {
    if (!wish.wanted) return undefined;
    const taken = poolOf(url).getConnection(namespace);
    setLease(taken);
    return () => {
      setLease(null);
      taken.release();
    };
  }, [url, namespace, wish]);

  const store = lease?.channel.connection ?? ABSENT;
  const status = useSyncExternalStore(store.subscribe, () => store.current);
  const connected = status.state === "open";
  const error = status.error ?? null;

  useEffect(() => {
    if (!connected) return undefined;
    latest.current.onConnect?.();
    return () => latest.current.onDisconnect?.();
  }, [connected]);
  useEffect(() => {
    if (error) latest.current.onError?.(error);
  }, [error]);

  const connect = useCallback(() => {
    poolOf(url).reconnect();
    setWish({ wanted: true });
  }, [url]);
  const disconnect = useCallback(() => setWish({ wanted: false }), []);
  return { socket: lease?.channel ?? null, connected, error, connect, disconnect };
}
