import type { SendOptions } from "jobwire";
import { useEffect } from "react";
import type { Journal } from "../../journal";
import { report } from "../../journal";
import { useWebSocket } from "../hooks/useWebSocket";
import { SERVER } from "../settings";

const OUTCOMES = { sent: "was sent", queued: "waits for a connection" };

/** What `useWebSocket` says: the last message, and whether there is a connection. */
export function MessagesPanel({ journal }: { journal: Journal }) {
  const { isConnected, lastMessage, sendMessage } = useWebSocket(SERVER);

  useEffect(() => {
    if (lastMessage) journal.add("event", `${lastMessage.type} ${JSON.stringify(lastMessage.data)}`);
  }, [lastMessage, journal]);

  const say = (options: SendOptions) =>
    report(journal, async () => {
      const outcome = await sendMessage({ type: "hello", at: new Date().toISOString() }, options);
      return `hello ${OUTCOMES[outcome]}`;
    });
  return (
    <section className="panel" aria-labelledby="messages-heading" data-connected={isConnected}>
      <h2 id="messages-heading">Messages</h2>
      <div className="say">
        <button type="button" className="button" onClick={() => say({})}>
          Say hello, or queue it
        </button>
        <button type="button" className="button" onClick={() => say({ volatile: true })}>
          Say hello, or be refused
        </button>
      </div>
      <pre className="last-message" tabIndex={0} role="region" aria-label="Last message">
        {lastMessage ? JSON.stringify(lastMessage, null, 2) : "No message yet."}
      </pre>
    </section>
  );
}
