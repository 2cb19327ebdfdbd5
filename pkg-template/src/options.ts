/** Turns what the app says into what the core reads; everything that is wrong is said here, before anything happens. */
import { configError } from "./errors.js";
import type { JobsClientOptions } from "./types.js";

function fail(name: string, takes: string, remedy = `Give ${name} ${takes}.`): never {
  throw configError(`The option ${name} takes ${takes}.`, remedy);
}

const group = (name: string, value: unknown): Record<string, unknown> =>
  value === undefined
    ? {}
    : value && typeof value === "object" && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : fail(name, "an object");

const number = (name: string, value: unknown, preset: number, min = 0, max = Infinity): number => {
  const n = value ?? preset;
  if (typeof n !== "number" || !(n >= min && n <= max)) {
    fail(name, `a number from ${min}` + (max < Infinity ? ` to ${max}` : ""));
  }
  return n as number;
};

/** The members of `presets`, each as given or as preset; every one is a number of at least its minimum. */
const numbers = <K extends string>(name: string, value: unknown, presets: Record<K, number>, min = 0) => {
  const given = group(name, value);
  const out = {} as Record<K, number>;
  for (const key in presets) out[key] = number(`${name}.${key}`, given[key], presets[key], min, 2 ** 31 - 1);
  return out;
};

const oneOf = <T extends string>(name: string, value: T | undefined, preset: T, allowed: readonly T[]): T =>
  value === undefined
    ? preset
    : allowed.includes(value)
      ? value
      : fail(name, `one of "${allowed.join('", "')}"`);

const template = (name: string, value: unknown): string =>
  typeof value === "string" && /^(\/|https?:\/\/)/.test(value)
    ? value
    : fail(name, 'a path that begins with "/"');

const optionalFunction = (name: string, value: unknown, takes = "a function") => {
  if (value !== undefined && typeof value !== "function") fail(name, takes);
};

interface Base {
  ws: string;
  http: string;
}

/** One base of the server; `undefined` where it is relative and there is no page to be relative to (a server render). */
function base(raw: unknown): Base | undefined {
  const page = (globalThis as { location?: Location }).location;
  const text = String(raw);
  const relative = !/^[a-z][a-z\d+.-]*:/i.test(text);
  if (!text || (typeof raw !== "string" && !(raw instanceof URL))) fail("url", "an address");
  if (relative && !/^(https?):/.test(page?.href ?? "")) return undefined;
  let url!: URL;
  try {
    url = new URL(text, page?.href);
  } catch {
    fail("url", "an address such as https://host/base");
  }
  const kind = /^(http|ws)(s?):$/.exec(url.protocol) ?? fail("url", "an http(s) or ws(s) address");
  // The address reaches logs and error texts, so nothing secret may be in it.
  if (url.username || url.password) fail("url", "an address without credentials", "Use the option token.");
  if (url.search) fail("url", "an address without a query", "Put the query into the option path.");
  // A browser refuses insecure sockets on a secure page; asking for the secure one at once says what is wrong sooner.
  const secure = kind[2] || page?.protocol === "https:" ? "s" : "";
  const rest = `${secure}://${url.host}${url.pathname.replace(/\/+$/, "")}`;
  return { ws: "ws" + rest, http: "http" + rest };
}

/** The config of the core as JSON. Throws when a relative `url` has no page to be relative to. */
export type Config = () => string;

/** Checks all options; throws JobsError `config`. Addresses are resolved again when the config is asked for. */
export function resolveOptions<E>(options: JobsClientOptions<E>): Config {
  const o: JobsClientOptions<E> =
    options && typeof options === "object" ? options : fail("options", "an object");
  const { protocol, token, subscribe, reconnect, polling, rateLimit } = o;
  if (protocol !== "stream") {
    if (!["broadcast", "socket.io"].includes(protocol)) fail("protocol", '"stream"');
    throw configError(
      `The protocol "${protocol}" is not spoken by this version.`,
      'This version speaks "stream": set protocol: "stream", or wait for a later version.',
    );
  }
  if (o.map) throw configError("The option map is not read by this version.", "Leave it out.");

  const list: readonly unknown[] = Array.isArray(o.url) ? o.url : [o.url];
  if (!list.length) fail("url", "at least one address");
  const resolve = () => list.map(base);
  resolve();

  if (typeof token !== "string" || !token)
    optionalFunction("token", token, "a string or a function that gives one");
  optionalFunction("logger", o.logger);
  const tokenIn = oneOf<string>("tokenIn", o.tokenIn, "query", ["query", "subprotocol", "message"]);
  const event = typeof subscribe === "string" ? subscribe : subscribe?.event;
  if (subscribe !== undefined && (typeof event !== "string" || !event)) fail("subscribe", "an event name");
  for (const [name, schema] of Object.entries(group("events", o.events))) {
    const standard = (schema as { "~standard"?: { validate?: unknown } } | undefined)?.["~standard"];
    if (typeof standard?.validate !== "function") fail(`events.${name}`, "a Standard Schema validator");
  }

  let retry = null;
  if (reconnect !== false) {
    const { attempts, jitter } = group("reconnect", reconnect);
    retry = {
      ...numbers("reconnect", reconnect, { baseDelay: 1000, maxDelay: 10_000, minUptime: 5000 }),
      // JSON writes Infinity as null, which is "without end".
      attempts: number("reconnect.attempts", attempts, 5),
      jitter:
        typeof jitter === "number"
          ? number("reconnect.jitter", jitter, 0, 0, 1)
          : oneOf("reconnect.jitter", jitter as string, "full", ["full", "none"]),
    };
  }

  let reads = null;
  if (polling !== false) {
    const { url = "/api/v1/jobs/{id}", headers } = group("polling", polling);
    optionalFunction("polling.headers", headers);
    reads = { url: template("polling.url", url), ...numbers("polling", polling, { interval: 2000 }, 1) };
  }

  let limit = null;
  if (rateLimit !== undefined) {
    const perSecond = number("rateLimit.perSecond", group("rateLimit", rateLimit)["perSecond"], NaN, 0.001);
    limit = { perSecond, burst: number("rateLimit.burst", rateLimit.burst, Math.max(1, 2 * perSecond), 1) };
  }

  const config = {
    protocol,
    path: template("path", o.path ?? "/api/v1/jobs/{id}/stream"),
    polling: reads,
    token: token !== undefined,
    tokenIn,
    headers: !!(polling && polling.headers),
    reconnect: retry,
    heartbeat: numbers("heartbeat", o.heartbeat, { interval: 30_000, timeout: 10_000 }, 1),
    pool: {
      ...numbers("pool", o.pool, { maxSockets: 32 }, 1),
      ...numbers("pool", o.pool, { linger: 1000 }),
    },
    queue: numbers("queue", o.queue, { maxItems: 1000, maxBytes: 2 ** 20, maxAge: 60_000 }),
    rateLimit: limit,
    history: number("history", o.history, 1000, 0, 1e6),
    onInvalid: oneOf("onInvalid", o.onInvalid, "drop", ["drop", "pass", "quarantine"]),
    subscribe: event ? { event, data: typeof subscribe === "object" ? subscribe.data : undefined } : null,
  };
  let json: string;
  try {
    json = JSON.stringify(config);
  } catch {
    return fail("subscribe.data", "data that JSON can hold");
  }

  return () => {
    const urls = resolve();
    if (urls.includes(undefined)) {
      fail("url", "an absolute address where there is no page", "Give the whole address, e.g. https://host.");
    }
    return JSON.stringify({ urls }).slice(0, -1) + "," + json.slice(1);
  };
}
