/** Reads single settings from the environment and the command line, and refuses what makes no sense. */

/**
 * @param {string} name
 * @param {string | undefined} text
 * @param {number} fallback
 * @param {{ min: number, max: number }} range
 */
export function integer(name, text, fallback, { min, max }) {
  if (text === undefined || text === "") return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new Error(`${name} is "${text}"; give a whole number from ${min} to ${max}.`);
  }
  return value;
}

/** @param {string | undefined} text names separated by commas */
export const list = (text) =>
  (text ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
