/** Makes one client and writes down everything it says, for a test to look at. Nothing here judges anything. */
import { JobsClient } from "/pkg/index.js";

/** Errors and bytes do not survive the way to the test; what matters of them does. */
const plain = (value) => {
  if (value instanceof Error) {
    const { name, code, message, remedy, retryable, cause } = value;
    return { name, code, message, remedy, retryable, cause: plain(cause) };
  }
  if (value instanceof ArrayBuffer) return { base64: btoa(String.fromCharCode(...new Uint8Array(value))) };
  if (ArrayBuffer.isView(value)) return { view: value.constructor.name };
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
};

/** What happened, each kind in order; statuses by namespace. */
const heard = { statuses: {}, events: [], logs: [], tokens: [], replies: [] };
window.heard = heard;

/** What the page answers to a question of the server; `null` keeps it waiting. */
window.answer = (...args) => ({ data: args, options: { spread: true } });

/** @type {Map<string, any>} namespace to the client or its channel */
const members = new Map();
/** The client, or its channel of a namespace. */
window.at = (namespace) => members.get(namespace);

function watch(namespace, member) {
  members.set(namespace, member);
  heard.statuses[namespace] = [];
  member.connection.subscribe((status) =>
    heard.statuses[namespace].push(plain({ ...status, seenAt: Date.now() })),
  );
  member.onAny((event, payload, meta) => {
    const { args, channel, invalid } = meta;
    heard.events.push({ at: namespace, event, payload: plain(payload), args: plain(args), channel, invalid });
    if (event !== "question" || !meta.reply) return;
    const answer = window.answer(...args);
    if (answer) meta.reply(answer.data, answer.options).then((outcome) => heard.replies.push(outcome));
  });
}

/**
 * @param {object} options of the client; of `tokens` the n-th is given when a token is asked for the n-th time, the
 *   last one from then on
 */
window.begin = ({ tokens, ...options }) => {
  const token = (reason) => {
    const given = tokens[Math.min(heard.tokens.length, tokens.length - 1)];
    heard.tokens.push({ reason, given });
    return given;
  };
  const client = new JobsClient({
    protocol: "socket.io",
    ...options,
    ...(tokens && { token }),
    logger: (entry) => heard.logs.push(entry),
  });
  window.client = client;
  watch(options.namespace ?? "/", client);
};

window.join = (namespace) => watch(namespace, window.client.channel(namespace));

/** What became of a promise. */
const outcome = (promise) =>
  promise.then(
    (result) => ({ result: plain(result) }),
    (error) => ({ error: plain(error) }),
  );
window.send = (namespace, ...given) => outcome(members.get(namespace).send(...given));
window.request = (namespace, ...given) => outcome(members.get(namespace).request(...given));

/** Sends `number` with each number from `from` to below `to`; says how often each outcome came. */
window.sendNumbers = async (namespace, from, to, options) => {
  const all = [];
  for (let number = from; number < to; number += 1) {
    all.push(window.send(namespace, "number", number, options));
  }
  const outcomes = {};
  for (const { result, error } of await Promise.all(all)) {
    const name = result ?? error.code;
    outcomes[name] = (outcomes[name] ?? 0) + 1;
  }
  return outcomes;
};
