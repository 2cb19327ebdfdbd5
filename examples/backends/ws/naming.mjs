/** Other names for members and events: the same server as one that grew up elsewhere would have it. */

/** @typedef {{ fields: Record<string, string>, events: Record<string, string> }} Names as a client is told of them */

/** @param {unknown} value */
const isNames = (value) =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every((name) => typeof name === "string" && name !== "");

/** @param {string} text @returns {Names} */
export function readNames(text) {
  try {
    const { fields = {}, events = {}, ...others } = JSON.parse(text);
    if (isNames(fields) && isNames(events) && Object.keys(others).length === 0) return { fields, events };
  } catch {
    // As below.
  }
  throw new Error(
    `NAMES is ${text}; give JSON such as {"fields":{"jobId":"job"},"events":{"moved":"job_status_changed"}}.`,
  );
}

/**
 * @param {Names} names
 * @returns {(message: Record<string, unknown>) => Record<string, unknown>} gives a message those names
 */
export function createNaming({ fields, events }) {
  const wire = new Map(Object.entries(events).map(([theirs, ours]) => [ours, theirs]));
  /** @param {Record<string, unknown>} members @returns {Record<string, unknown>} */
  const renamed = (members) =>
    Object.fromEntries(
      Object.entries(members).map(([name, value]) => {
        const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
        const isNested = isObject && (name === "data" || name === "progress");
        return [
          fields[name] ?? name,
          isNested ? renamed(/** @type {Record<string, unknown>} */ (value)) : value,
        ];
      }),
    );
  return (message) => {
    const name = message["type"] === undefined ? "event" : "type";
    const event = String(message[name]);
    return renamed({ ...message, [name]: wire.get(event) ?? event });
  };
}
