/** The conformance server on Node's socket.io, to be told apart from server.py by nobody: ../README.md. `node node.mjs PORT` */
import { createServer } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { Server } from "socket.io";
import { control } from "./control.mjs";
import { Notes } from "./notes.mjs";

const NAMESPACES = ["/", "/echo", "/auth"];

const { env } = process;
/** @param {string} name @param {number} fallback */
const numeric = (name, fallback) => Number(env[name] ?? fallback);
/** @param {string} name @param {boolean} fallback */
const flag = (name, fallback) => (env[name] ?? (fallback ? "1" : "0")) === "1";

const notes = new Notes();
const http = createServer((request, response) => void control(io, notes, request, response));
const io = new Server(http, {
  cors: { origin: "*" },
  pingInterval: numeric("PING_INTERVAL_MS", 2000),
  pingTimeout: numeric("PING_TIMEOUT_MS", 2000),
  maxHttpBufferSize: numeric("MAX_PAYLOAD", 1_000_000),
  transports: /** @type {("polling" | "websocket")[]} */ (
    (env["TRANSPORTS"] ?? "polling,websocket").split(",")
  ),
  allowUpgrades: flag("ALLOW_UPGRADES", true),
  // With its middlewares, so that a refused namespace is refused again.
  ...(flag("RECOVERY", false) && { connectionStateRecovery: { skipMiddlewares: false } }),
});

io.engine.use(
  async (/** @type {any} */ request, /** @type {unknown} */ _response, /** @type {() => void} */ next) => {
    const { sid } = request._query;
    await delay(sid === undefined ? notes.handshakeDelay : request.method === "GET" ? notes.pollDelay : 0);
    next();
  },
);

io.of("/auth").use((socket, next) => {
  if (notes.tokens.includes(socket.handshake.auth["token"])) next();
  else next(Object.assign(new Error("unauthorized"), { data: { code: 401 } }));
});
io.of("/closed").use((_socket, next) => next(new Error("not here")));

for (const name of NAMESPACES) {
  io.of(name).on("connection", (socket) => {
    const { id } = /** @type {any} */ (socket.conn);
    notes.connects.push({ namespace: name, auth: socket.handshake.auth, recovered: socket.recovered });
    socket.on("disconnect", (reason) => {
      if (!notes.old.has(id)) notes.disconnects.push({ namespace: name, reason });
    });
    socket.onAny((event, ...args) => {
      if (typeof args.at(-1) === "function") args.pop();
      if (!notes.old.has(id)) notes.arrived.push([name, event, ...args]);
    });
    socket.on("echo", (...args) => socket.emit("echo", ...args));
    socket.on("ask", (...args) => {
      const reply = args.pop();
      reply?.(...args);
    });
    socket.on("ask_slowly", async (milliseconds, reply) => {
      await delay(milliseconds);
      reply?.(milliseconds);
    });
    socket.on("ask_me", (limit, ...args) => {
      socket
        .timeout(limit)
        .emit(
          "question",
          ...args,
          (/** @type {Error | null} */ error, /** @type {unknown[]} */ ...answer) => {
            if (error) socket.emit("unanswered");
            else socket.emit("answered", ...answer);
          },
        );
    });
    socket.on("burst", (count) => {
      for (let number = 0; number < count; number += 1) socket.emit("number", number);
    });
    socket.on("kick_me", () => socket.disconnect());
  });
}

http.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => {
  const { port } = /** @type {import("node:net").AddressInfo} */ (http.address());
  console.log(`ready http://127.0.0.1:${port}`);
});
