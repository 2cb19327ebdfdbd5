/** Stands where the network and the facade are: sockets and reads that a test plays, and a sink that writes down. */

const SERVER = "jobs.test";
/** Each rig has a server of its own, which tests see under that one name. */
const OTHERS = /jobs-\d+\.test/;
let rigs = 0;

/** The config's places; see docs/core-messages.md. */
const PLACES = (
  "path pollingUrl interval reconnectOff attempts baseDelay maxDelay jitter minUptime token tokenIn headers " +
  "heartbeatInterval timeout maxSockets linger maxItems maxBytes maxAge history onInvalid perSecond burst event data " +
  "protocol namespace transports mapFields mapEvents intervals"
).split(" ");
const CONFIG = {
  attempts: 2,
  baseDelay: 20,
  maxDelay: 50,
  jitter: 0,
  minUptime: 0,
  heartbeatInterval: 30000,
  timeout: 10000,
  maxSockets: 8,
  linger: 20,
};

/** Messages by number, and where each of their arguments goes. */
const POSTS = [
  ["follow", "text"],
  ["unfollow", "text"],
  ["listen", "text", "n"],
  ["watchAll", "n"],
  ["connect", "n"],
  ["disconnect"],
  ["shutdown"],
  ["retry", "text"],
  ["refresh", "n", "text"],
  ["send", "n", "text", "data"],
  ["sendVolatile", "n", "text", "data"],
  ["wake", "n"],
  ["suspend"],
  ["hidden", "n"],
  ["take"],
  ["token", "n", "text"],
  ["tokenFailed", "n", "text"],
  ["headers", "n", "text"],
  ["inspect", "n"],
  ["audit", "n"],
  ["channel", "text", "n"],
  ["request", "n", "text", "data"],
  ["reply", "n", "m", "data"],
];
const CALLS = ["dirty", "batch", "token", "headers", "reply", "attachment", "alive", "resource"];
const STATES = ["idle", "connecting", "open", "waiting", "polling", "suspended", "failed", "closed"];
const SOURCES = ["socket", "polling"];
const STATUSES = ["unknown", "queued", "running", "completed", "failed", "cancelled"];
/** Where the list of an event of the core has what that tests look at. */
const OWN = { invalid: { code: 2 }, completed: { resultUrl: 11 } };
const LOST = "connection-lost";
const LOGS = [
  ...[LOST, LOST, LOST, "auth", "too-many-jobs", "queue-expired", "read-failed", "invalid", "failed"],
  ...["upgraded", "fell-back", "channel-refused", "too-large"],
];

/** A message by name, as JSON, as the arguments of `post`. */
export function toMessage(json) {
  const [name, ...values] = JSON.parse(json);
  const number = POSTS.findIndex(([known]) => known === name);
  const given = { n: 0, m: -1 };
  POSTS[number].slice(1).forEach((place, index) => (given[place] = values[index]));
  return [number, +given.n, given.text, given.m, given.data, undefined];
}

const PATIENCE = 5000;

const real = { WebSocket: globalThis.WebSocket, fetch: globalThis.fetch };

export const ownOrigin = () => globalThis.origin;

class FakeSocket {
  sent = [];
  closed = null;
  /** What it has taken in and not sent, bytes. */
  bufferedAmount = 0;
  constructor(rig, url, protocol) {
    if (rig.refusing) throw new SyntaxError("refused address");
    this.url = rig.own(url);
    this.protocol = protocol ?? "";
    if (this.url) rig.sockets.push(this);
  }
  send(text) {
    this.sent.push(text);
  }
  close(code, reason) {
    this.closed = `${code} ${reason}`;
  }
}

export class Rig {
  sockets = [];
  reads = [];
  calls = [];
  refusing = false;
  #server = `jobs-${++rigs}.test`;
  /** What a sink of this name does beside writing down. */
  #on = {};
  #waiting = () => {};

  constructor(fake) {
    if (!fake) return;
    const rig = this;
    globalThis.WebSocket = function (url, protocol) {
      return new FakeSocket(rig, url, protocol);
    };
    globalThis.fetch = (url, init) =>
      new Promise((resolve, reject) => {
        const { method = "GET", body = null, mode = "cors", redirect = "follow", keepalive = false } = init;
        const headers = Object.fromEntries(new Headers(init.headers));
        const own = rig.own(url);
        if (!own) return;
        const read = { url: own, headers, method, body, mode, redirect, keepalive, resolve, aborted: false };
        init.signal.addEventListener("abort", () => {
          read.aborted = true;
          reject(init.signal.reason);
        });
        rig.reads.push(read);
        rig.#waiting();
      });
  }

  end() {
    Object.assign(globalThis, real);
  }

  /**
   * An address as tests know it; none when the client of an earlier test wanted it: what was due comes before its end,
   * and that is taken in when the next test has begun.
   */
  own(url) {
    const own = url.replace(this.#server, SERVER);
    return OTHERS.test(own) ? "" : own;
  }

  /** The default config, with the members of `more` (JSON) in their place. */
  config(more) {
    const { server = `://${this.#server}`, ...values } = { ...CONFIG, ...JSON.parse(more) };
    return JSON.stringify([...PLACES.map((place) => values[place] ?? null), server]);
  }

  sink() {
    return (number, n, value) => {
      const kind = CALLS[number];
      // What the host keeps for the core's end.
      if (kind === "resource") return;
      this.calls.push({ kind, n, value });
      this.#waiting();
      this.#on[kind]?.(n, value);
    };
  }

  on(kind, run) {
    this.#on[kind] = run;
  }

  throwOn(kind) {
    this.#on[kind] = () => {
      throw new Error("a sink that throws");
    };
  }

  /** Resolves at the next call of the sink, or read; rejects when none comes. */
  next() {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`nothing came; so far: ${this.everything()}`)),
        PATIENCE,
      );
      this.#waiting = () => {
        clearTimeout(timer);
        this.#waiting = () => {};
        resolve();
      };
    });
  }

  /** Resolves when every microtask, and every timer of up to `ms`, has run. */
  pass(ms) {
    return new Promise((resolve) => setTimeout(resolve, ms));
  }

  opened(n) {
    this.sockets[n].onopen?.({});
  }
  text(n, data) {
    this.sockets[n].onmessage?.({ data });
  }
  /** A text of that many characters. */
  long(n, length) {
    this.text(n, "x".repeat(length));
  }
  binary(n, bytes) {
    this.sockets[n].onmessage?.({ data: bytes.slice().buffer });
  }
  lost(n, code, reason) {
    this.sockets[n].onclose?.({ code, reason });
  }
  answer(n, status, body, headers) {
    const init = { status, headers: JSON.parse(headers) };
    this.reads[n].resolve(new Response(status === 304 ? null : body, init));
  }

  url(n) {
    return this.sockets[n].url;
  }
  protocol(n) {
    return this.sockets[n].protocol;
  }
  /** What was sent, one a line; bytes as their numbers. */
  sent(n) {
    const shown = (data) => (typeof data === "string" ? data : `<${new Uint8Array(data)}>`);
    return this.sockets[n].sent.map(shown).join("\n");
  }
  closed(n) {
    return this.sockets[n].closed ?? "";
  }
  read(n) {
    return JSON.stringify([this.reads[n].url, this.reads[n].headers]);
  }
  mode(n) {
    return this.reads[n].mode;
  }
  /** Nothing of the answer may be read, as that of another origin which says nothing of it. */
  answerOpaquely(n) {
    this.reads[n].resolve({ status: 0, type: "opaque", headers: new Headers(), body: null });
  }
  /** The browser was told to follow no redirect, and says no more of it. */
  answerRedirected(n) {
    this.reads[n].resolve({ status: 0, type: "opaqueredirect", headers: new Headers(), body: null });
  }
  /** A body that comes in pieces of a size, so many of them, until somebody breaks it off. */
  answerInPieces(n, size, count, headers) {
    const read = this.reads[n];
    read.pieces = 0;
    const pull = (controller) => {
      if (read.aborted) return controller.error(new Error("broken off"));
      if (read.pieces++ < count) controller.enqueue(new Uint8Array(size).fill(32));
      else controller.close();
    };
    read.resolve(new Response(new ReadableStream({ pull }), { headers: JSON.parse(headers) }));
  }
  /** How many pieces of a body were taken. */
  pieces(n) {
    return this.reads[n].pieces;
  }
  redirect(n) {
    return this.reads[n].redirect;
  }
  keepalive(n) {
    return this.reads[n].keepalive;
  }
  /** Bytes that a socket has taken in and not sent. */
  holds(n, bytes) {
    this.sockets[n].bufferedAmount = bytes;
  }
  /** Answers with bytes. */
  answerBytes(n, bytes) {
    this.reads[n].resolve(new Response(bytes.slice()));
  }
  /** The number of the problem that the last status told; 0 for none. */
  problem() {
    return this.records(2).at(-1)?.[6] ?? 0;
  }
  /** Method, address and body of a request. */
  request(n) {
    const { method, url, body, headers } = this.reads[n];
    return [method, url, body ?? "", ...Object.keys(headers)].join(" ").trim();
  }
  aborted(n) {
    return this.reads[n].aborted;
  }
  counts() {
    return [this.sockets.length, this.reads.length, this.calls.length];
  }

  records(...kinds) {
    return this.calls
      .filter((call) => call.kind === "batch")
      .flatMap((call) => JSON.parse(`[${call.value}]`))
      .filter(([kind]) => kinds.includes(kind));
  }
  /** Name, arguments, number for the reply, attachments and whether it is known, of every event of Socket.IO. */
  events() {
    return JSON.stringify(this.records(9).map(([, name, args, ...rest]) => [name, args, ...rest.slice(5)]));
  }
  answers() {
    return JSON.stringify(this.records(10).map(([, ...answer]) => answer));
  }
  /** Attachments that were handed over, by number. */
  attachments() {
    const calls = this.calls.filter((call) => call.kind === "attachment");
    return calls
      .map(({ n, value }) => `${n}:${value instanceof ArrayBuffer}:${new Uint8Array(value)}`)
      .join(" ");
  }
  /** A field of every payload of an event, in order, as JSON. */
  pluck(event, field) {
    const told = this.records(1, 6, 7).filter((record) => record[1] === event);
    const member = ([kind, , payload]) => (kind === 7 ? payload[OWN[event][field]] : payload[field]);
    return JSON.stringify(told.map(member));
  }
  /** The last snapshot's status, progress or staleness, as JSON. */
  job(id, field) {
    const last = this.records(0).findLast((record) => record[1] === id);
    if (!last) return "null";
    return JSON.stringify(
      { status: STATUSES[last[2]], progress: last[3], source: SOURCES[last[6]], stale: last[7] === 1 }[field],
    );
  }
  state() {
    return STATES[this.records(2).at(-1)?.[1]] ?? "";
  }
  logs() {
    return this.records(3)
      .map((record) => LOGS[record[1]])
      .join(" ");
  }
  /** The `rid`s of answers, `!` before those that are errors. */
  replies() {
    return this.records(4, 5)
      .map((record) => (record[0] === 4 ? "" : "!") + record[1])
      .join(" ");
  }
  said(kind) {
    const calls = this.calls.filter((call) => call.kind === kind);
    return JSON.stringify(calls.map(({ n, value }) => [n, value]));
  }
  everything() {
    return JSON.stringify(this.calls);
  }
}
