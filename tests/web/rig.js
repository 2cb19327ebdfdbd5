/** Stands where the network and the facade are: sockets and reads that a test plays, and a sink that writes down. */

const CONFIG = {
  protocol: "stream",
  urls: [{ ws: "ws://jobs.test", http: "http://jobs.test" }],
  reconnect: { attempts: 2, baseDelay: 20, maxDelay: 50, jitter: "none", minUptime: 0 },
  heartbeat: { interval: 30000, timeout: 10000 },
  pool: { maxSockets: 8, linger: 20 },
};
const PATIENCE = 5000;

const real = { WebSocket: globalThis.WebSocket, fetch: globalThis.fetch };

export const ownOrigin = () => globalThis.origin;

class FakeSocket {
  sent = [];
  closed = null;
  constructor(rig, url, protocol) {
    if (rig.refusing) throw new SyntaxError("refused address");
    this.url = url;
    this.protocol = protocol ?? "";
    rig.sockets.push(this);
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
        const headers = Object.fromEntries(new Headers(init.headers));
        const read = { url, headers, resolve, aborted: false };
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

  /** The default config, with the members of `more` (JSON) in their place. */
  config(more) {
    return JSON.stringify({ ...CONFIG, ...JSON.parse(more) });
  }

  sink() {
    return (kind, a, b) => {
      this.calls.push({ kind, a, b });
      this.#waiting();
      this.#on[kind]?.(a, b);
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
  sent(n) {
    return this.sockets[n].sent.join("\n");
  }
  closed(n) {
    return this.sockets[n].closed ?? "";
  }
  read(n) {
    return JSON.stringify([this.reads[n].url, this.reads[n].headers]);
  }
  aborted(n) {
    return this.reads[n].aborted;
  }
  counts() {
    return [this.sockets.length, this.reads.length, this.calls.length];
  }

  records(kind) {
    return this.calls
      .filter((call) => call.kind === "batch")
      .flatMap((call) => JSON.parse(call.a))
      .filter((record) => record[0] === kind);
  }
  /** A field of every payload of an event, in order, as JSON. */
  pluck(event, field) {
    const payloads = this.records("event").filter((record) => record[1] === event);
    return JSON.stringify(payloads.map((record) => record[2][field]));
  }
  job(id, field) {
    return JSON.stringify(this.records("job").findLast((record) => record[1].id === id)?.[1][field] ?? null);
  }
  state() {
    return this.records("status").at(-1)?.[1].state ?? "";
  }
  logs() {
    return this.records("log")
      .map((record) => record[1].code)
      .join(" ");
  }
  /** The `rid`s of answers, `!` before those that are errors. */
  replies() {
    return this.records("reply")
      .map((record) => (record[2] ? "" : "!") + record[1])
      .join(" ");
  }
  said(kind) {
    const calls = this.calls.filter((call) => call.kind === kind);
    return JSON.stringify(calls.map(({ a, b }) => [a, b]));
  }
  everything() {
    return JSON.stringify(this.calls);
  }
}
