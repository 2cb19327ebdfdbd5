/** Turns what the app says into what the core reads; everything that is wrong is said here, before anything happens. */
import { configError } from "./errors.js";
import type { JobsClientOptions } from "./types.js";

/** The config of the core as JSON. Throws when a relative `url` has no page to be relative to. */
export type Config = () => string;

/** Groups of numbers with their presets. */
const GROUPS: Record<string, Record<string, number>> = {
  reconnect: { attempts: 5, baseDelay: 1000, maxDelay: 10_000, minUptime: 5000 },
  heartbeat: { interval: 30_000, timeout: 10_000 },
  polling: { interval: 2000 },
  pool: { maxSockets: 32, linger: 1000 },
  queue: { maxItems: 1000, maxBytes: 2 ** 20, maxAge: 60_000 },
  rateLimit: { perSecond: NaN, burst: 1 },
};

function fail(name: string, takes: string, remedy = `Give ${name} ${takes}.`): never {
  throw configError(`The option ${name} takes ${takes}.`, remedy);
}

function check(good: unknown, name: string, takes: string, remedy?: string): asserts good {
  if (!good) fail(name, takes, remedy);
}

const number = (name: string, value: unknown, least: number, most: number) => {
  check(
    (value as number) >= least && (value as number) <= most && typeof value === "number",
    name,
    `a number from ${least}`,
  );
  return value;
};

const oneOf = (name: string, value: unknown, ...allowed: string[]) => {
  check(allowed.includes((value ??= allowed[0]) as string), name, `"${allowed.join('" or "')}"`);
  return value;
};

const template = (name: string, value: unknown) => {
  check(/^(\/|https?:)/.test(String(value)), name, 'a path that begins with "/"');
  return value;
};

function object(name: string, value: unknown): Record<string, unknown> {
  check((value ??= {}) && typeof value === "object", name, "an object");
  return value as Record<string, unknown>;
}

/** One base of the server; `undefined` where it is relative and there is no page to be relative to (a server render). */
function base(raw: unknown): { ws: string; http: string } | undefined {
  const page = globalThis.location as Location | undefined;
  const text = String(raw ?? "");
  if (text && !/^[a-z]+:/i.test(text) && !/^http/.test(page?.href ?? "")) return undefined;
  let url: URL | undefined;
  try {
    url = new URL(text, page?.href);
  } catch {
    // Said below.
  }
  const kind = text && url && /^(http|ws)(s?):/.exec(url.href);
  check(kind && url, "url", "an http(s) or ws(s) address");
  // The address reaches logs and error texts, so nothing secret may be in it.
  check(
    !url.username && !url.password && !url.search,
    "url",
    "an address without credentials and query",
    "Use token and path.",
  );
  // A browser refuses insecure sockets on a secure page; asking for the secure one at once says what is wrong sooner.
  const secure = page?.protocol === "https:" ? "s" : kind[2];
  const rest = `${secure}://${url.host}${url.pathname.replace(/\/+$/, "")}`;
  return { ws: "ws" + rest, http: "http" + rest };
}

/** Checks all options; throws JobsError `config`. Addresses are resolved again when the config is asked for. */
export function resolveOptions<E>(options: JobsClientOptions<E>): Config {
  const o = object("options", options ?? "") as unknown as JobsClientOptions<E>;
  const { protocol, token, subscribe, polling } = o;
  oneOf("protocol", protocol ?? "", "stream", "broadcast", "socket.io");
  if (protocol !== "stream" || o.map) {
    const what = o.map ? "option map" : `protocol "${protocol}"`;
    throw configError(
      `The ${what} is not there yet.`,
      'This version speaks "stream" with its own field names.',
    );
  }

  const list: readonly unknown[] = Array.isArray(o.url) ? o.url : [o.url];
  check(list.length, "url", "at least one address");
  const resolve = () => list.map(base);
  resolve();

  check(/^[ufs]/.test(typeof token) && token !== "", "token", "a string or a function");
  check(/^[uf]/.test(typeof o.logger), "logger", "a function");
  const schemas = object("events", o.events);
  for (const name in schemas) {
    const standard = (schemas[name] as { "~standard"?: unknown } | null)?.["~standard"];
    check(standard, `events.${name}`, "a Standard Schema validator");
  }

  const config: Record<string, unknown> = {
    protocol,
    path: template("path", o.path ?? "/api/v1/jobs/{id}/stream"),
    token: token !== undefined,
    tokenIn: oneOf("tokenIn", o.tokenIn, "query", "subprotocol", "message"),
    headers: !!(polling && polling.headers),
    history: number("history", o.history ?? 1000, 0, 1e6),
    onInvalid: oneOf("onInvalid", o.onInvalid, "drop", "pass", "quarantine"),
    subscribe: null,
  };
  if (subscribe !== undefined) {
    const { event, data } = typeof subscribe === "string" ? { event: subscribe } : subscribe;
    check(event && typeof event === "string", "subscribe", "an event name");
    config["subscribe"] = { event, data };
  }

  for (const name in GROUPS) {
    const given = (o as unknown as Record<string, unknown>)[name];
    const optional = name === "reconnect" || name === "polling";
    if ((given === false && optional) || (given === undefined && name === "rateLimit")) {
      config[name] = null;
      continue;
    }
    const values = { ...object(name, given) };
    // Without a burst a second's worth may go at once.
    if (name === "rateLimit") values["burst"] ??= Math.max(1, values["perSecond"] as number);
    const group: Record<string, unknown> = (config[name] = {});
    for (const key in GROUPS[name]) {
      const least = /^(interval|maxSockets|burst)$/.test(key) ? 1 : 0;
      // JSON writes Infinity as null, which is "without end".
      const most = key === "attempts" ? Infinity : 2 ** 31;
      group[key] = number(`${name}.${key}`, values[key] ?? GROUPS[name][key], least, most);
    }
    if (name === "polling") group["url"] = template("polling.url", values["url"] ?? "/api/v1/jobs/{id}");
    if (name === "reconnect") {
      const { jitter } = values;
      group["jitter"] =
        typeof jitter === "number"
          ? number("reconnect.jitter", jitter, 0, 1)
          : oneOf("reconnect.jitter", jitter, "full", "none");
    }
  }

  return () => {
    const urls = resolve();
    check(!urls.includes(undefined), "url", "a whole address where there is no page");
    return JSON.stringify({ ...config, urls });
  };
}
