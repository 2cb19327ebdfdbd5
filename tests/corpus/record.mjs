/**
 * Records what real servers and the reference client say to each other, as raw frames and bodies: README.md.
 *
 * The client reaches each server through a proxy in this process that writes down whatever passes.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const [modules, modules2, python] = process.argv.slice(2).map((path) => resolve(path));
const load = createRequire(join(modules, "package.json"));
const { Server } = load("socket.io");
const { Manager } = load("socket.io-client");
const { WebSocket, WebSocketServer } = createRequire(load.resolve("engine.io"))("ws");

/** @typedef {{ port: number, close: () => void }} Listening */

/** What is written down: one list a file. @type {string[]} */
let lines = [];
let server = "";

/**
 * @param {"polling" | "websocket"} transport
 * @param {"in" | "out"} direction as the client sees it
 * @param {Buffer} data
 */
function note(transport, direction, data, binary = false) {
  const payload = binary ? { base64: Buffer.from(data).toString("base64") } : { text: String(data) };
  lines.push(JSON.stringify({ server, transport, direction, ...payload }));
}

/** @param {import("node:http").IncomingMessage} message */
async function body(message) {
  const chunks = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** @param {import("node:http").Server} http */
async function listening(http) {
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  return /** @type {import("node:net").AddressInfo} */ (http.address()).port;
}

/**
 * Forwards to `port` and notes what passes; gives its own port.
 * @param {number} port
 */
async function proxy(port) {
  const http = createServer(async (request, response) => {
    const sent = await body(request);
    if (request.method === "POST") note("polling", "out", sent);
    const answer = await fetch(`http://127.0.0.1:${port}${request.url}`, {
      method: request.method,
      body: request.method === "POST" ? sent : undefined,
      headers: { "content-type": "text/plain;charset=UTF-8" },
    }).catch(() => null);
    const text = answer ? Buffer.from(await answer.arrayBuffer()) : Buffer.from("");
    if (request.method === "GET" && answer?.ok) note("polling", "in", text);
    response.writeHead(answer?.status ?? 502, { "content-type": "text/plain;charset=UTF-8" });
    response.end(text);
  });
  const sockets = new WebSocketServer({ server: http });
  sockets.on("connection", (/** @type {any} */ page, /** @type {any} */ request) => {
    const there = new WebSocket(`ws://127.0.0.1:${port}${request.url}`, { perMessageDeflate: false });
    /** @type {[Buffer, boolean][]} */
    const early = [];
    page.on("message", (/** @type {Buffer} */ data, /** @type {boolean} */ binary) => {
      note("websocket", "out", data, binary);
      if (there.readyState === WebSocket.OPEN) there.send(data, { binary });
      else early.push([data, binary]);
    });
    there.on("open", () => early.forEach(([data, binary]) => there.send(data, { binary })));
    there.on("message", (/** @type {Buffer} */ data, /** @type {boolean} */ binary) => {
      note("websocket", "in", data, binary);
      page.send(data, { binary });
    });
    page.on("close", () => there.close());
    there.on("close", () => page.close());
    there.on("error", () => page.close());
  });
  const own = await listening(http);
  const close = () => {
    http.closeAllConnections();
    http.close();
    sockets.close();
  };
  return { port: own, close };
}

/**
 * The Node server of this recording; server.py does the same in Python.
 * @param {object} options
 */
async function node(options) {
  const http = createServer();
  const io = new Server(http, { pingInterval: 1000, pingTimeout: 1000, ...options });
  for (const name of ["/", "/jobs"]) {
    io.of(name).on("connection", (/** @type {any} */ socket) => {
      socket.on("several", (/** @type {unknown[]} */ ...args) => socket.emit("several", ...args, 2.5));
      socket.on("nothing", () => socket.emit("nothing"));
      socket.on("ask", (/** @type {unknown} */ value, /** @type {Function} */ reply) => reply("got", value));
      socket.on("ask_me", () =>
        socket.emit("question", 7, (/** @type {unknown[]} */ ...answer) => socket.emit("answered", answer)),
      );
      socket.on("bytes", (/** @type {unknown[]} */ ...args) => socket.emit("bytes", ...args));
      socket.on("ask_bytes", (/** @type {unknown} */ value, /** @type {Function} */ reply) =>
        reply(value, { more: Buffer.from([0, 255]) }),
      );
      socket.on("ask_me_bytes", () =>
        socket.emit("question", Buffer.from([9]), () => socket.emit("answered")),
      );
      socket.on("broadcast", () => io.of(name).emit("news", { progress: 50 }));
      socket.on("leave", () => socket.disconnect());
    });
  }
  io.of("/guarded").use((/** @type {unknown} */ _socket, /** @type {Function} */ next) => {
    next(Object.assign(new Error("not for you"), { data: { code: 17 } }));
  });
  return { port: await listening(http), close: () => io.close() };
}

/**
 * Another process, which prints its port, and may print its version after it.
 * @param {string} command
 * @param {string[]} args
 * @returns {Promise<Listening>}
 */
async function spawned(command, args) {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [port, version] = String((await once(child.stdout, "data"))[0])
    .trim()
    .split(" ");
  if (version) server += `-${version}`;
  return { port: Number(port), close: () => child.kill("SIGKILL") };
}

/**
 * Waits for an event, but not for ever: what does not come shows in the recording.
 * @param {any} socket
 * @param {...string} events
 */
const heard = (socket, ...events) =>
  Promise.race([...events.map((event) => new Promise((done) => socket.once(event, done))), sleep(1500)]);

/**
 * Everything once.
 * @param {number} port
 * @param {string[]} transports
 * @param {boolean} [full] with events
 */
async function story(port, transports, full = true) {
  const manager = new Manager(`http://127.0.0.1:${port}`, { transports, reconnection: false });
  const root = manager.socket("/", { auth: { token: "abc" } });
  await heard(root, "connect");
  for (const name of ["/nope", "/guarded"]) await heard(manager.socket(name), "connect_error", "disconnect");
  const plain = manager.socket("/jobs", { auth: { token: "ü😀" } });
  await heard(plain, "connect");
  if (full) {
    for (const socket of [root, plain]) {
      socket.on("question", (/** @type {unknown} */ value, /** @type {Function} */ reply) =>
        reply(value, null),
      );
      socket.emit("several", 1, 'zwei ü😀 "\\\n\u2028', { a: [null, true, { b: {} }] }, []);
      await heard(socket, "several");
      await socket.timeout(1500).emitWithAck("ask", { n: 1 });
      socket.emit("ask_me");
      await heard(socket, "answered");
    }
    root.emit("nothing");
    await heard(root, "nothing");
    root.emit("bytes", Buffer.from([1, 2, 3, 250]), { deep: [Buffer.from("")] }, "end");
    await heard(root, "bytes");
    await plain.timeout(1500).emitWithAck("ask_bytes", Buffer.from("\x1e\x00"));
    plain.emit("ask_me_bytes");
    await heard(plain, "answered");
    await sleep(1100);
  }
  plain.disconnect();
  await sleep(50);
  root.emit("leave");
  await heard(root, "disconnect");
  manager._close();
  await sleep(100);
}

/** A namespace with a query, which Node refuses and Python takes. @param {number} port */
async function query(port) {
  const manager = new Manager(`http://127.0.0.1:${port}`, { transports: ["websocket"], reconnection: false });
  const socket = manager.socket("/jobs?x=1");
  await heard(socket, "connect", "connect_error");
  manager._close();
}

/** A connection that breaks and is recovered, with an event that was missed. @param {number} port */
async function recovery(port) {
  const manager = new Manager(`http://127.0.0.1:${port}`, {
    transports: ["websocket"],
    reconnectionDelay: 300,
  });
  const other = new Manager(`http://127.0.0.1:${port}`, { transports: ["websocket"] }).socket("/jobs");
  const socket = manager.socket("/jobs");
  await once(socket, "connect");
  socket.emit("broadcast");
  await once(socket, "news");
  manager.engine.close();
  await sleep(50);
  other.emit("broadcast");
  await once(socket, "connect");
  await sleep(100);
  manager._close();
  other.io._close();
}

/** What an old server says to someone who speaks revision 4. @param {number} port */
async function old(port) {
  await (await fetch(`http://127.0.0.1:${port}/socket.io/?EIO=4&transport=polling`)).text();
  const socket = new WebSocket(`ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`);
  await once(socket, "open");
  await sleep(200);
  socket.close();
}

/**
 * @param {string} name of the server
 * @param {() => Promise<Listening>} start
 * @param {...(port: number) => Promise<void>} stories
 */
async function record(name, start, ...stories) {
  server = name;
  const real = await start();
  const between = await proxy(real.port);
  for (const tell of stories) await tell(between.port);
  between.close();
  real.close();
}

/** @param {string} file */
function save(file) {
  writeFileSync(join(here, "socketio", file), lines.join("\n") + "\n");
  lines = [];
}

/**
 * @param {string} from
 * @param {string} name
 */
const version = (from, name) => createRequire(join(from, "package.json"))(`${name}/package.json`).version;
const own = `node-${version(modules, "socket.io")}`;
await record(
  own,
  () => node({}),
  (port) => story(port, ["polling"]),
  (port) => story(port, ["websocket"]),
  (port) => story(port, ["polling", "websocket"], false),
  query,
);
await record(own, () => node({ connectionStateRecovery: {} }), recovery);
save("node.jsonl");

await record(
  "python",
  () => spawned(python, [join(here, "server.py")]),
  (port) => story(port, ["polling"]),
  (port) => story(port, ["websocket"]),
  (port) => story(port, ["polling", "websocket"], false),
  query,
);
await record(
  "python-always-connect",
  () => spawned(python, [join(here, "server.py"), "always"]),
  (port) => story(port, ["websocket"], false),
);
save("python.jsonl");

const program = `const h=require("http").createServer();require("socket.io")(h);h.listen(0,"127.0.0.1",()=>console.log(h.address().port))`;
await record(
  `node-${version(modules2, "socket.io")}`,
  () => spawned("sh", ["-c", `cd "$1" && exec node -e "$2"`, "sh", modules2, program]),
  old,
);
save("node-2.jsonl");
process.exit();
