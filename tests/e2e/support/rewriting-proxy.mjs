/**
 * A proxy that changes what a server says: the JSON of its answers, and of the text messages of its WebSockets. Pages
 * that it serves have it as their own origin; the server sees its own address in `Host` and `Origin`.
 */
import { createServer, request as ask } from "node:http";
import { once } from "node:events";
import { WebSocket, WebSocketServer } from "ws";

/** What stands before the JSON of a packet of Socket.IO; empty elsewhere. */
const MESSAGE = /^(\d*(?:\/[^,]*,)?\d*)([[{].*)$/s;

/**
 * @param {string} text one message
 * @param {(value: unknown) => unknown} rewrite
 */
function rewritten(text, rewrite) {
  const [, head = "", json = ""] = MESSAGE.exec(text) ?? [];
  if (!json) return text;
  try {
    return head + JSON.stringify(rewrite(JSON.parse(json)));
  } catch {
    return text;
  }
}

/**
 * @param {{ target: string, rewrite: (value: unknown) => unknown }} options `rewrite` is given each parsed message
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
export async function createRewritingProxy({ target, rewrite }) {
  const at = new URL(target);
  /** @param {import("node:http").IncomingHttpHeaders} headers */
  const asOwn = (headers) => {
    const { origin, ...others } = headers;
    return { ...others, host: at.host, "accept-encoding": "identity", ...(origin && { origin: at.origin }) };
  };

  const server = createServer((request, response) => {
    const { method, url, headers } = request;
    const upstream = ask(
      { host: at.hostname, port: at.port, method, path: url, headers: asOwn(headers) },
      async (answer) => {
        const status = answer.statusCode ?? 502;
        if (!answer.headers["content-type"]?.includes("json")) {
          response.writeHead(status, answer.headers);
          answer.pipe(response);
          return;
        }
        const parts = await answer.toArray();
        const body = Buffer.from(rewritten(Buffer.concat(parts).toString(), rewrite));
        // An `ETag` is that of the body before.
        const kept = Object.entries(answer.headers).filter(([name]) => name !== "etag");
        response.writeHead(status, { ...Object.fromEntries(kept), "content-length": body.length });
        response.end(body);
      },
    );
    upstream.on("error", () => response.destroy());
    request.pipe(upstream);
  });

  const sockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, socket, head) => {
    const { host, origin } = asOwn(request.headers);
    const upstream = new WebSocket(`ws://${host}${request.url}`, { ...(origin && { origin }) });
    upstream.on("error", () => socket.destroy());
    upstream.on("open", () =>
      sockets.handleUpgrade(request, socket, head, (client) => {
        client.on("message", (data, isBinary) => upstream.send(data, { binary: isBinary }));
        client.on("close", () => upstream.terminate());
        upstream.on("close", (code, reason) =>
          code === 1005 || code === 1006 ? client.terminate() : client.close(code, reason),
        );
        upstream.on("message", (data, isBinary) =>
          client.send(isBinary ? data : rewritten(String(data), rewrite), { binary: isBinary }),
        );
        upstream.resume();
      }),
    );
    // What the server says at once waits until somebody can be told.
    upstream.on("upgrade", () => upstream.pause());
  });

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      for (const client of sockets.clients) client.terminate();
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
