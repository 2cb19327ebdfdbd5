/** What clients send with events, checked. */

/** An event cannot be carried out; the text is for the developer of the client. */
export class EventError extends Error {}

/**
 * The one object that an event carries; an event without any carries an empty one.
 * @param {readonly unknown[]} payload
 * @returns {Record<string, unknown>}
 */
export function onlyObject(payload) {
  if (payload.length === 0) return {};
  const [object] = payload;
  if (payload.length > 1 || typeof object !== "object" || object === null || Array.isArray(object)) {
    throw new EventError("Send one object with this event.");
  }
  return /** @type {Record<string, unknown>} */ (object);
}
