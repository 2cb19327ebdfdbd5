/** Turns what the app says into what the core reads; everything that is wrong is said here, before anything happens. */
import { pack } from "../channels/attachments.js";
import type { CoreConfig } from "../wire/config.js";
import { configError } from "../errors.js";
import type { JobsClientOptions } from "../types.js";

/** Throws when a relative `url` has no page to be relative to. */
export type Config = () => CoreConfig;

/** Options that are objects. */
type Parts = {
  [name in (typeof PARTS)[number]]: Partial<Exclude<NonNullable<JobsClientOptions[name]>, false>>;
};

const TOKEN_IN: readonly unknown[] = ["query", "subprotocol", "message", "auth"];
const TRANSPORTS = ["websocket,polling", "polling,websocket", "websocket", "polling"];
const PARTS = ["reconnect", "polling", "heartbeat", "pool", "queue", "rateLimit", "intervals"] as const;
const ON_INVALID: readonly unknown[] = ["drop", "pass", "quarantine"];
const ENDLESS = 1e9;

export const wrongOption = (name: string, takes: string) =>
  configError(`The option ${name} takes ${takes}.`, `Give ${name} ${takes}.`);

function check(good: unknown, name: string, takes: string): asserts good {
  if (!good) throw wrongOption(name, takes);
}

const oneOf = (name: string, value: unknown, ...allowed: unknown[]) =>
  check(allowed.includes(value), name, `"${allowed.join('" or "')}"`);

const template = (name: string, value: unknown) =>
  check(/^(\/|https?:)/.test(String(value)), name, 'a path that begins with "/"');

/** A namespace ends at a comma, and a packet may at a control character. */
export const checkNamespace = (name: string, value: unknown) =>
  // eslint-disable-next-line no-control-regex -- that is what is looked for
  check(/^\/[^,?\x00-\x1f]*$/.test(String(value)), name, 'a path that begins with "/", without commas');

function object(name: string, value: unknown): Record<string, unknown> {
  check(value && typeof value === "object", name, "an object");
  return value as Record<string, unknown>;
}

/**
 * One base of the server from behind `ws` or `http`; `undefined` where it is relative and there is no page to be
 * relative to (a server render).
 */
function base(raw: unknown): string | undefined {
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
  return `${secure}://${url.host}${url.pathname.replace(/\/+$/, "")}`;
}

function checkMember(name: string, key: string, value: unknown): void {
  // An event, whose interval is one, may be called like the members that are something else.
  const path = `${name}.${key}`;
  if (path === "polling.url") return template(path, value);
  if (path === "polling.headers") return check(typeof value === "function", path, "a function");
  const isJitter = path === "reconnect.jitter";
  if (isJitter && typeof value === "string") return oneOf(path, value, "full", "none");
  const isPositive = path === "rateLimit.perSecond" || name === "polling";
  const most = isJitter ? 1 : path === "reconnect.attempts" ? Infinity : 2 ** 31;
  const isGood = typeof value === "number" && value >= 0 && value <= most && !(isPositive && !value);
  check(isGood, path, `a number ${isPositive ? "above" : "from"} 0`);
}

/**
 * One tab's connection serves all that share it, and tokens and headers are not compared: a client that has them must say
 * whose they are, or a tab is shown what another user sees.
 */
function checkSharing({ shareAcrossTabs: scope, token, polling }: JobsClientOptions): void {
  const isKnown = scope === undefined || typeof scope === "boolean" || (typeof scope === "string" && scope);
  check(isKnown, "shareAcrossTabs", "true, false or the user's id as a text");
  const named = token !== undefined ? "token" : polling && polling.headers ? "polling.headers" : undefined;
  if (scope !== true || !named) return;
  throw configError(
    `The option shareAcrossTabs takes the user's id where there is ${named}: tabs may be signed in as different users.`,
    "Give shareAcrossTabs the user's id.",
  );
}

/** The members of an option that may be left out, those that are given. */
const members = (name: string, value: unknown) =>
  Object.entries(object(name, value ?? {})).filter(([, member]) => member !== undefined);

/**
 * Checks all options; throws JobsError `config`. What is left out takes the core's preset, which socketio.ts and
 * broadcast.ts change for their protocols. Addresses are resolved again when the config is asked for.
 */
export function resolveOptions<E>(options: JobsClientOptions<E>): Config {
  const o = object("options", options) as unknown as JobsClientOptions<E>;
  const { protocol, token, subscribe, path, tokenIn, onInvalid, history, namespace, transports } = o;
  oneOf("protocol", protocol, "stream", "broadcast", "socket.io");
  const isSocketIo = protocol === "socket.io";
  for (const name of ["namespace", "transports", "map", "intervals"] as const) {
    const isIts = protocol === (/^[nt]/.test(name) ? "socket.io" : "broadcast");
    check(isIts || o[name] === undefined, name, `no value with the protocol "${protocol}"`);
  }
  if (namespace !== undefined) checkNamespace("namespace", namespace);
  const order = String(transports ?? TRANSPORTS[0]);
  oneOf("transports", order, ...TRANSPORTS);

  const list: readonly unknown[] = [o.url].flat();
  check(list.length, "url", "at least one address");
  const resolve = () => list.map(base);
  resolve();

  check(/^[ufs]/.test(typeof token) && token !== "", "token", "a string or a function");
  check(/^[uf]/.test(typeof o.logger), "logger", "a function");
  const places = isSocketIo ? ["auth", "query"] : TOKEN_IN.slice(0, 3);
  if (tokenIn !== undefined) oneOf("tokenIn", tokenIn, ...places);
  if (onInvalid !== undefined) oneOf("onInvalid", onInvalid, ...ON_INVALID);
  if (path !== undefined) template("path", path);
  for (const [name, schema] of members("events", o.events)) {
    const standard = (schema as { "~standard"?: unknown } | null)?.["~standard"];
    check(standard, `events.${name}`, "a Standard Schema validator");
  }
  for (const [part, names] of members("map", o.map)) {
    oneOf("map", part, "fields", "events");
    for (const [name, other] of members(`map.${part}`, names))
      check(typeof other === "string" && other, `map.${part}.${name}`, "a name");
  }

  checkSharing(o as JobsClientOptions);
  if (history !== undefined) checkMember("options", "history", history);
  const first = typeof subscribe === "string" ? { event: subscribe } : subscribe;
  check(!first || (typeof first.event === "string" && first.event), "subscribe", "an event name");
  const { json: data, fault, parts: attachments } = pack(first?.data);
  check(!fault && !attachments.length, "subscribe", "data that can be JSON");
  const parts = {} as Record<string, object>;
  for (const name of PARTS) {
    const part: unknown = o[name];
    parts[name] = {};
    if (part === undefined || (part === false && /^(rec|pol)/.test(name))) continue;
    const given = object(name, part);
    if (name === "rateLimit") checkMember(name, "perSecond", given["perSecond"]);
    for (const [key, value] of members(name, given)) checkMember(name, key, value);
    parts[name] = given;
  }
  const { reconnect, polling, heartbeat, pool, queue, rateLimit } = parts as Parts;
  const { attempts, baseDelay, maxDelay, jitter, minUptime } = reconnect;
  const { url: pollingUrl, interval, headers } = polling;
  const { maxSockets, linger } = pool;
  const { maxItems, maxBytes, maxAge } = queue;
  const values: Omit<CoreConfig, "urls"> = {
    path,
    pollingUrl,
    // A part of a millisecond is one: 0 turns polling off.
    interval: o.polling === false ? 0 : interval && Math.ceil(interval),
    reconnectOff: +(o.reconnect === false),
    // JSON has no Infinity; so many are without end.
    attempts: attempts && Math.min(attempts, ENDLESS),
    baseDelay,
    maxDelay,
    jitter: jitter === "full" ? 1000 : jitter === "none" ? 0 : jitter && jitter * 1000,
    minUptime,
    token: +(token !== undefined),
    tokenIn: tokenIn && TOKEN_IN.indexOf(tokenIn),
    headers: +!!headers,
    heartbeat: heartbeat.interval,
    timeout: heartbeat.timeout,
    maxSockets,
    linger,
    maxItems,
    maxBytes,
    maxAge,
    history,
    onInvalid: ON_INVALID.indexOf(onInvalid ?? "drop"),
    perSecond: rateLimit.perSecond,
    burst: rateLimit.burst,
    event: first?.event,
    data,
    protocol: 0,
    namespace,
    transports: TRANSPORTS.indexOf(order),
    fields: undefined,
    events: undefined,
    intervals: undefined,
  };

  return () => {
    const urls = resolve();
    check(!urls.includes(undefined), "url", "a whole address where there is no page");
    return { ...values, urls };
  };
}
