import type { SendOptions, SendResult } from "jobwire";
import { useCallback, useEffect, useReducer, useSyncExternalStore } from "react";
import { clientAt, holdClient } from "../clients";

export interface Message {
  readonly type: string;
  readonly data: unknown;
}

export interface WebSocketState {
  readonly isConnected: boolean;
  /** Each message is this in one render: an effect that depends on it sees all of them, in order. */
  readonly lastMessage: Message | null;
  /** Without a connection it waits for one (`"queued"`), or rejects and is not sent where `volatile` says so. */
  sendMessage(
    message: { readonly type: string } & Record<string, unknown>,
    options?: SendOptions,
  ): Promise<Exclude<SendResult, "dropped">>;
}

/**
 * One WebSocket to an address, shared by all components that use it; it reconnects by itself. The client's `intervals`
 * say which messages it tells each of; of others about the same thing it tells the last of a frame.
 */
export function useWebSocket(url: string): WebSocketState {
  const client = clientAt(url);
  const { state } = useSyncExternalStore(client.connection.subscribe, () => client.connection.current);
  const [{ shown, isSeen }, dispatch] = useReducer(reduceMessages, NOTHING);

  useEffect(() => {
    const release = holdClient(url);
    const undo = client.onAny((type, data, { source }) => {
      // What the client says by itself is no message of the server.
      if (source === "socket" && !OWN.has(type)) dispatch({ type: "arrived", message: { type, data } });
    });
    // Why it fails is in the connection's state.
    void client.connect().catch(() => {});
    return () => {
      undo();
      release();
    };
  }, [client, url]);

  // React makes one render of what arrives together; here each message waits until the one before it was rendered.
  useEffect(() => {
    if (!shown || isSeen) return undefined;
    return inNextTask(() => dispatch({ type: "seen" }));
  }, [shown, isSeen]);

  const sendMessage = useCallback<WebSocketState["sendMessage"]>(
    async ({ type, ...data }, options) => {
      const outcome = await client.send(type, data, options);
      if (outcome === "dropped") throw new Error(NOT_SENT);
      return outcome;
    },
    [client],
  );
  return { isConnected: state === "open", lastMessage: shown, sendMessage };
}

/**
 * React refuses long chains of updates that effects make of each other, hence a task. Not a timer: those are held back
 * where they are many, and in hidden pages. Returns its undo.
 */
function inNextTask(callback: () => void): () => void {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    callback();
  };
  port2.postMessage(null);
  return () => port1.close();
}

const NOT_SENT =
  "There is no connection, and the message was not to wait for one. Send it again when `isConnected` is true, or without `volatile`.";

/** Events that are not from the server. */
const OWN = new Set(["job", "invalid", "gap", "reconnected"]);

interface Messages {
  readonly shown: Message | null;
  /** Whether effects have seen it. */
  readonly isSeen: boolean;
  readonly waiting: readonly Message[];
}

const NOTHING: Messages = { shown: null, isSeen: true, waiting: [] };

function reduceMessages(
  messages: Messages,
  action: { type: "arrived"; message: Message } | { type: "seen" },
): Messages {
  const { shown, isSeen, waiting } = messages;
  if (action.type === "arrived") {
    const { message } = action;
    return isSeen
      ? { shown: message, isSeen: false, waiting }
      : { shown, isSeen, waiting: [...waiting, message] };
  }
  const [next, ...others] = waiting;
  return next ? { shown: next, isSeen: false, waiting: others } : { shown, isSeen: true, waiting };
}
