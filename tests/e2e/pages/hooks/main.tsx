/** Mounts the hooks of the karaoke page, each alone, and writes down what they say. Nothing here judges anything. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode, useEffect } from "react";
import { createRoot } from "react-dom/client";
import type { Root } from "react-dom/client";
import { serverPool } from "../../../../examples/react/src/karaoke/connections/pools";
import { useJobsWebSocket } from "../../../../examples/react/src/karaoke/hooks/useJobsWebSocket";
import { useJobStatusFallback } from "../../../../examples/react/src/karaoke/hooks/useJobStatusFallback";
import { useWebSocketConnection } from "../../../../examples/react/src/karaoke/hooks/useWebSocketConnection";
import { SERVER } from "../../../../examples/react/src/karaoke/settings";

const PERFORMANCE = "/performance";

const sockets = { now: 0, most: 0, made: 0 };
window.WebSocket = class extends window.WebSocket {
  constructor(url: string | URL, protocols?: string | string[]) {
    super(url, protocols);
    sockets.made += 1;
    sockets.now += 1;
    sockets.most = Math.max(sockets.most, sockets.now);
    this.addEventListener("close", () => (sockets.now -= 1));
  }
};

/** What the hooks returned last, by the component's name, and their calls in order. */
const last: Record<string, unknown> = {};
const calls: string[] = [];
const invalidated: string[] = [];

const queries = new QueryClient();
queries.getQueryCache().subscribe((event) => {
  if (event.type === "updated" && event.action.type === "invalidate")
    invalidated.push(event.query.queryKey.join(" "));
});

function Connection({ name }: { name: string }) {
  // New functions in every render, as an app writes them.
  const connection = useWebSocketConnection(SERVER, {
    namespace: PERFORMANCE,
    onConnect: () => calls.push(`${name} connected`),
    onDisconnect: () => calls.push(`${name} disconnected`),
    onError: (error) => calls.push(`${name} failed: ${error.message}`),
  });
  useEffect(() => {
    last[name] = connection;
  });
  return null;
}

function Queue({ name }: { name: string }) {
  const queue = useJobsWebSocket();
  useEffect(() => {
    last[name] = queue;
  });
  return null;
}

function Fallback({ name }: { name: string }) {
  const job = useJobStatusFallback(name);
  useEffect(() => {
    last[name] = job ?? null;
  });
  return null;
}

const KINDS = { Connection, Queue, Fallback };

let root: Root | undefined;

/** Shows these components, by kind and name, and no others. */
function show(wanted: readonly (readonly [keyof typeof KINDS, string])[]): void {
  const element = document.getElementById("root");
  if (!element) return;
  root ??= createRoot(element);
  root.render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        {wanted.map(([kind, name]) => {
          const Kind = KINDS[kind];
          return <Kind key={name} name={name} />;
        })}
      </QueryClientProvider>
    </StrictMode>,
  );
}

const lab = { show, last, calls, invalidated, sockets, queries, pool: serverPool() };
export type Lab = typeof lab;
Object.assign(window, { lab });
