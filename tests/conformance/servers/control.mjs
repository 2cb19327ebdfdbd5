/** How a test asks and directs the conformance server, over plain HTTP beside Socket.IO. */

/** @typedef {import("./notes.mjs").Notes} Notes */

const HEADERS = {
  "Access-Control-Allow-Origin": "*",
  "Content-Type": "application/json",
  Connection: "close",
};

/** Binary goes through JSON as `{ base64 }`. @param {string} _key @param {any} value */
const revive = (_key, value) =>
  typeof value?.base64 === "string" ? Buffer.from(value.base64, "base64") : value;

/** Buffers become `{ type, data }` by themselves. @param {string} _key @param {any} value */
const replace = (_key, value) =>
  value?.type === "Buffer" ? { base64: Buffer.from(value.data).toString("base64") } : value;

/**
 * The sockets of Engine.IO.
 * @param {import("socket.io").Server} io
 */
const clients = (io) => /** @type {any[]} */ (Object.values(/** @type {any} */ (io.engine).clients));

/** @type {Partial<Record<string, (io: import("socket.io").Server, notes: Notes, body: any) => unknown>>} */
const ACTIONS = {
  state(io, { arrived, connects, disconnects, old }) {
    const present = clients(io).filter(({ id }) => !old.has(id));
    return { arrived, connects, disconnects, connections: present.map(({ transport }) => transport.name) };
  },
  emit(io, _notes, { namespace = "/", event, args = [], count, volatile = false }) {
    const target = volatile ? io.of(namespace).volatile : io.of(namespace);
    if (count === undefined) target.emit(event, ...args);
    else for (let number = 0; number < count; number += 1) target.emit(event, ...args, number);
  },
  kick(io, _notes, { namespace = "/" }) {
    io.of(namespace).disconnectSockets();
  },
  drop(io) {
    for (const client of clients(io)) client.close(true);
  },
  settings(_io, notes, body) {
    Object.assign(notes, body);
  },
  forget(io, notes) {
    notes.forget(clients(io).map(({ id }) => id));
  },
};

/**
 * @param {import("socket.io").Server} io
 * @param {Notes} notes
 * @param {import("node:http").IncomingMessage} request
 * @param {import("node:http").ServerResponse} response
 */
export async function control(io, notes, request, response) {
  const action = ACTIONS[/^\/_control\/(\w+)$/.exec(request.url ?? "")?.[1] ?? ""];
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  const answer = action?.(io, notes, text === "" ? {} : JSON.parse(text, revive));
  response.writeHead(action ? 200 : 404, HEADERS);
  response.end(JSON.stringify(answer ?? {}, replace));
}
