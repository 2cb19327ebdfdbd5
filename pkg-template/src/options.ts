/** Turns what the app says into what the core reads; everything that is wrong is said here, before anything happens. */
import { configError } from "./errors.js";
import type { JobsClientOptions } from "./types.js";

/** The config of the core as JSON. Throws when a relative `url` has no page to be relative to. */
export type Config = () => string;

function check(good: unknown, name: string, takes: string): asserts good {
  if (!good) throw configError(`The option ${name} takes ${takes}.`, `Give ${name} ${takes}.`);
}

const oneOf = (name: string, value: unknown, ...allowed: unknown[]) =>
  check(allowed.includes(value), name, `"${allowed.join('" or "')}"`);

const template = (name: string, value: unknown) =>
  check(/^(\/|https?:)/.test(String(value)), name, 'a path that begins with "/"');

function object(name: string, value: unknown): Record<string, unknown> {
  check(value && typeof value === "object", name, "an object");
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
  check(!url.username && !url.password && !url.search, "url", "an address without credentials and query");
  // A browser refuses insecure sockets on a secure page; asking for the secure one at once says what is wrong sooner.
  const secure = page?.protocol === "https:" ? "s" : kind[2];
  const rest = `${secure}://${url.host}${url.pathname.replace(/\/+$/, "")}`;
  return { ws: "ws" + rest, http: "http" + rest };
}

function checkMember(name: string, key: string, value: unknown): void {
  const path = `${name}.${key}`;
  if (key === "url") return template(path, value);
  if (key === "headers") return check(typeof value === "function", path, "a function");
  if (key === "jitter" && typeof value === "string") return oneOf(path, value, "full", "none");
  const isPositive = key === "perSecond" || name === "polling";
  // JSON writes Infinity as null, which is "without end".
  const most = key === "jitter" ? 1 : key === "attempts" ? Infinity : 2 ** 31;
  const isGood = typeof value === "number" && value >= 0 && value <= most && !(isPositive && !value);
  check(isGood, path, `a number ${isPositive ? "above" : "from"} 0`);
}

/**
 * Checks all options; throws JobsError `config`. What is left out takes the core's preset. Addresses are resolved again
 * when the config is asked for.
 */
export function resolveOptions<E>(options: JobsClientOptions<E>): Config {
  const o = object("options", options) as unknown as JobsClientOptions<E>;
  const { protocol, token, subscribe, path, tokenIn, onInvalid, history } = o;
  oneOf("protocol", protocol, "stream", "broadcast", "socket.io");
  if (protocol !== "stream" || o.map) {
    const what = o.map ? "option map" : `protocol "${protocol}"`;
    throw configError(
      `The ${what} is not there yet.`,
      'This version speaks "stream" with its own field names.',
    );
  }

  const list: readonly unknown[] = [o.url].flat();
  check(list.length, "url", "at least one address");
  const resolve = () => list.map(base);
  resolve();

  check(/^[ufs]/.test(typeof token) && token !== "", "token", "a string or a function");
  check(/^[uf]/.test(typeof o.logger), "logger", "a function");
  if (tokenIn !== undefined) oneOf("tokenIn", tokenIn, "query", "subprotocol", "message");
  if (onInvalid !== undefined) oneOf("onInvalid", onInvalid, "drop", "pass", "quarantine");
  if (path !== undefined) template("path", path);
  const schemas = object("events", o.events ?? {});
  for (const name in schemas) {
    const standard = (schemas[name] as { "~standard"?: unknown } | null)?.["~standard"];
    check(standard, `events.${name}`, "a Standard Schema validator");
  }

  if (history !== undefined) checkMember("options", "history", history);
  const isEvent = typeof subscribe === "string";
  const first = isEvent ? { event: subscribe } : subscribe;
  check(!first || (typeof first.event === "string" && first.event), "subscribe", "an event name");
  check(isJson(first), "subscribe", "data that can be JSON");
  const config: Record<string, unknown> = { protocol, path, tokenIn, history, onInvalid, subscribe: first };
  config["token"] = token !== undefined;
  config["headers"] = !!(o.polling && o.polling.headers);

  for (const name of ["reconnect", "polling", "heartbeat", "pool", "queue", "rateLimit"]) {
    let given = (o as unknown as Record<string, unknown>)[name];
    if (given === false && /^(rec|pol)/.test(name)) given = null;
    else if (given !== undefined) {
      const members = object(name, given);
      if (name === "rateLimit") checkMember(name, "perSecond", members["perSecond"]);
      for (const key in members) if (members[key] !== undefined) checkMember(name, key, members[key]);
    }
    config[name] = given;
  }

  return () => {
    const urls = resolve();
    check(!urls.includes(undefined), "url", "a whole address where there is no page");
    return JSON.stringify({ ...config, urls });
  };
}

function isJson(value: unknown): boolean {
  try {
    JSON.stringify(value);
    return true;
  } catch {
    return false;
  }
}
