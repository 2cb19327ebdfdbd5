/**
 * Which addresses of results an app may link. A server that was taken over, or a job whose texts others write, can name
 * an address that runs a script when somebody opens it. Never opens or changes an address.
 */

/** Stand for the page, which has either scheme: what is relative takes it, and `https:` alone is relative to one only. */
const BASES = ["https://page.invalid/", "http://page.invalid/"];

const OPENABLE = /^(https?|blob):$/;

/** The address's own parser decides, as it will when somebody opens it: it drops spaces, tabs and line breaks. */
function isOpenable(value: unknown): value is string {
  if (typeof value !== "string") return false;
  try {
    return BASES.every((base) => OPENABLE.test(new URL(value, base).protocol));
  } catch {
    return false;
  }
}

const textOf = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

/** An address that a server sent: for a link, or only to be read. */
export const resultUrlOf = (value: unknown): { resultUrl: string } | { unsafeResultUrl: string } =>
  isOpenable(value) ? { resultUrl: value } : { unsafeResultUrl: textOf(value) };

/** The member that holds an address of a result, and the one that has it when it is only text. */
const TEXT_ONLY: ReadonlyMap<string, string> = new Map([
  ["resultUrl", "unsafeResultUrl"],
  ["result_url", "unsafe_result_url"],
]);

const isUnsafe = (name: string, member: unknown) =>
  TEXT_ONLY.has(name) && member !== null && member !== undefined && !isOpenable(member);

function hasUnsafe(value: unknown): boolean {
  if (typeof value === "object")
    for (const name in value) {
      const member: unknown = value[name as never];
      if (isUnsafe(name, member) || hasUnsafe(member)) return true;
    }
  return false;
}

/**
 * A payload whose addresses of results, at any depth, can be linked: others are `unsafeResultUrl` instead. What needs no
 * change is not copied: this runs for every event of every frame.
 */
export const withSafeResultUrls = (value: unknown): unknown =>
  !hasUnsafe(value)
    ? value
    : Array.isArray(value)
      ? value.map(withSafeResultUrls)
      : Object.fromEntries(
          Object.entries(value as object).map(([name, member]) =>
            isUnsafe(name, member)
              ? [TEXT_ONLY.get(name), textOf(member)]
              : [name, withSafeResultUrls(member)],
          ),
        );
