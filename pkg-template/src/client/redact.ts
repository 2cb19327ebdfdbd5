/**
 * Keeps secrets out of what the client says of itself: statuses, logs, refusals, inspections.
 *
 * A secret is found as it is, percent-encoded (once or several times, in either case, in part), escaped as JSON does (at
 * any depth), and in Base64 of either alphabet at any place in what was encoded, as in `Basic` credentials. One that is cut
 * off at the end of a text is found as well. A secret that is short, or a number, is looked for as a word of its own, so that
 * not every "3" of a text goes. Works on bytes of UTF-8, as percent-encoding does.
 */

/** What stands in the place of a secret. */
const MASK = "***";

/** How many tokens are kept, and how many values of headers at least: several of these belong to one request. */
const KEPT = 8;
const KEPT_OF_HEADERS = 16;

/** Headers that say what is sent and wanted, and not by whom. Logs would be hard to read without their values. */
const HARMLESS = /^(accept(-language)?|content-(type|language))$/;

/** A shorter one, or one that is all digits, is looked for as a word; of one that is cut off so much must be there. */
const TELLING = 6;

/** Percent-encoding is undone so often at most, and backslashes are doubled. */
const LAYERS = 4;

const [PERCENT, PLUS, BACKSLASH, DOT, LETTER_U] = [37, 43, 92, 46, 117];

/** A form of a secret: a word must stand alone, and Base64 may be of either alphabet. */
interface Needle {
  readonly bytes: Uint8Array;
  readonly isBase64: boolean;
  readonly isWord: boolean;
}

const encode = (text: string) => new TextEncoder().encode(text);

const isDigit = (byte: number | undefined) => byte !== undefined && byte >= 48 && byte <= 57;

const isTelling = (bytes: Uint8Array) => bytes.length >= TELLING && !bytes.every(isDigit);

/** What of Base64 stands for bytes that begin at any place of what was encoded. */
function base64(bytes: Uint8Array, before = 0): string {
  const binary = "\0".repeat(before) + Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary);
}

/** As encodeURIComponent has it, which throws for half a character. */
const percentEncoded = (text: string) => encodeURIComponent(new TextDecoder().decode(encode(text)));

/** As RFC 3986 has it. */
const strictlyEncoded = (text: string) =>
  percentEncoded(text).replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);

function needlesOf(secret: string): Needle[] {
  const plain = encode(secret);
  const needles: Needle[] = [{ bytes: plain, isBase64: false, isWord: !isTelling(plain) }];
  for (const form of new Set([secret, percentEncoded(secret), strictlyEncoded(secret)])) {
    const bytes = encode(form);
    [0, 2, 3].forEach((first, before) => {
      const core = base64(bytes, before).slice(first, Math.floor(((bytes.length + before) * 8) / 6));
      if (core.length >= TELLING) needles.push({ bytes: encode(core), isBase64: true, isWord: false });
    });
    for (const word of [form, `Bearer ${form}`])
      needles.push({ bytes: encode(base64(encode(word)).replace(/=+$/, "")), isBase64: true, isWord: true });
  }
  return needles;
}

/** The number that so many hexadecimal digits make; `undefined` where there are none. */
function hex(text: Uint8Array, at: number, digits: number): number | undefined {
  const part = String.fromCharCode(...text.subarray(at, at + digits));
  return part.length === digits && /^[\da-f]*$/i.test(part) ? parseInt(part, 16) : undefined;
}

const ELLIPSIS = encode("…");
const startsWith = (text: Uint8Array, at: number, part: Uint8Array) =>
  part.every((byte, place) => text[at + place] === byte);

/** Whether a text ends here, or was cut here, perhaps within an escape. */
function isCut(text: Uint8Array, at: number): boolean {
  let place = at;
  let most = 0;
  if (text[at] === PERCENT) [place, most] = [at + 1, 1];
  else if (text[at] === BACKSLASH) [place, most] = text[at + 1] === LETTER_U ? [at + 2, 3] : [at + 1, 0];
  for (; most > 0 && hex(text, place, 1) !== undefined; most--) place++;
  return place >= text.length || startsWith(text, place, ELLIPSIS);
}

const isSame = ({ isBase64 }: Needle, wanted: number | undefined, byte: number) =>
  wanted === byte || (isBase64 && ((wanted === PLUS && byte === 45) || (wanted === 47 && byte === 95)));

/** 0: a digit, 1: a letter, 2: neither. */
const kind = (byte: number) =>
  isDigit(byte) ? 0 : /[a-z_\x80-\xff]/i.test(String.fromCharCode(byte)) ? 1 : 2;

/** Whether what stands before a place is an escape, of which the last character says nothing. */
const endsEscape = (text: Uint8Array, at: number): boolean =>
  (text[at - 2] === BACKSLASH && "nrtbf".includes(String.fromCharCode(text[at - 1] as number))) ||
  (text[at - 3] === PERCENT && hex(text, at - 2, 2) !== undefined) ||
  (text[at - 6] === BACKSLASH && text[at - 5] === LETTER_U && hex(text, at - 4, 4) !== undefined);

function isWord(text: Uint8Array, start: number, end: number): boolean {
  const goesOn = (own: number, neighbour: number | undefined, beyond: number | undefined) => {
    if (neighbour === undefined) return false;
    if (!kind(own) && neighbour === DOT) return isDigit(beyond);
    return kind(own) < 2 && kind(own) === kind(neighbour);
  };
  const [first, last] = [text[start], text[end - 1]];
  if (first === undefined || last === undefined) return false;
  const begins = endsEscape(text, start) || !goesOn(first, text[start - 1], text[start - 2]);
  return begins && !goesOn(last, text[end], text[end + 1]);
}

/** The character of one escape, `u` and four digits, or of two with backslashes between; and where it ends. */
function unicode(
  text: Uint8Array,
  at: number,
  backslashes: number,
): [end: number, letter: Uint8Array] | undefined {
  const first = hex(text, at + 1, 4);
  if (first === undefined) return;
  const isHigh = first >= 0xd800 && first < 0xdc00;
  if (!isHigh) return [at + 5, encode(String.fromCharCode(first))];
  const next = at + 5 + backslashes;
  const isPair = text.subarray(at + 5, next).every((byte) => byte === BACKSLASH) && text[next] === LETTER_U;
  const second = hex(text, next + 1, 4);
  return isPair && second !== undefined ? [next + 5, encode(String.fromCharCode(first, second))] : undefined;
}

const CONTROLS: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, b: 8, f: 12 };

type Way = [place: number, matched: number];

/** The places in text and secret that may come next behind a backslash, or as many as JSON within JSON has. */
function* escapesAt({ bytes }: Needle, text: Uint8Array, place: number, matched: number): Iterable<Way> {
  let next = place;
  while (text[next] === BACKSLASH) next++;
  const count = next - place;
  if (bytes[matched] === BACKSLASH)
    for (let layer = 1; layer <= LAYERS; layer++)
      if (1 << layer <= count) yield [place + (1 << layer), matched + 1];
  const letter = text[next];
  if (letter === undefined) return;
  if (CONTROLS[String.fromCharCode(letter)] === bytes[matched]) yield [next + 1, matched + 1];
  const escaped = letter === LETTER_U ? unicode(text, next, count) : undefined;
  if (escaped && startsWith(bytes, matched, escaped[1])) yield [escaped[0], matched + escaped[1].length];
  yield [next, matched];
}

/** The places in text and secret that may come next; the last is the first to be tried. */
function* waysFrom(needle: Needle, text: Uint8Array, place: number, matched: number): Iterable<Way> {
  const wanted = needle.bytes[matched];
  const byte = text[place] as number;
  if (byte === PLUS && wanted === 32) yield [place + 1, matched + 1];
  if (byte === PERCENT) {
    let next = place + 1;
    for (let layer = 0; layer < LAYERS; layer++) {
      const value = hex(text, next, 2);
      if (value === undefined) break;
      next += 2;
      if (isSame(needle, wanted, value)) yield [next, matched + 1];
      if (value !== PERCENT) break;
    }
  }
  if (isSame(needle, wanted, byte)) yield [place + 1, matched + 1];
  if (byte === BACKSLASH) yield* escapesAt(needle, text, place, matched);
}

/** Where the secret ends that begins here. Each way of reading the text is tried. */
function matchAt(needle: Needle, text: Uint8Array, start: number): number | undefined {
  const { bytes } = needle;
  const ways: Way[] = [[start, 0]];
  let cutOff: number | undefined;
  // Few texts can be read in many ways, and none of them by chance.
  for (let patience = bytes.length * 8 + 64; patience > 0; patience--) {
    const way = ways.pop();
    if (!way) break;
    const [place, matched] = way;
    if (matched === bytes.length) {
      if (!needle.isWord || isWord(text, start, place)) return place;
    } else if (isCut(text, place)) {
      const cut = bytes.subarray(0, matched);
      if (isTelling(cut) || (cut.length >= TELLING && isWord(text, start, place))) cutOff = place;
      if (place < text.length) ways.push(...waysFrom(needle, text, place, matched));
    } else ways.push(...waysFrom(needle, text, place, matched));
  }
  return cutOff;
}

/** The whole run of Base64 of which this is a part: its ends tell a few bits of the secret. */
function widened(text: Uint8Array, start: number, end: number): [number, number] {
  const isPart = (at: number) => {
    const byte = text[at];
    return byte !== undefined && /[\w+/-]/.test(String.fromCharCode(byte));
  };
  let [from, to] = [start, end];
  while (isPart(from - 1)) from--;
  while (isPart(to)) to++;
  while (text[to] === 61) to++;
  return [from, to];
}

/** The text with the mask in the place of ranges of bytes, which may overlap. */
function masked(bytes: Uint8Array, ranges: [number, number][]): string {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let out = "";
  let copied = 0;
  let until = -1;
  for (const [start, end] of ranges.sort(([a], [b]) => a - b)) {
    if (start > until) out += decoder.decode(bytes.subarray(copied, start)) + MASK;
    copied = until = Math.max(until, end);
  }
  return out + decoder.decode(bytes.subarray(copied));
}

export interface Secrets {
  /**
   * Adds what must not be told: a token, or the values of headers, with the name of a scheme such as `Bearer` and without.
   * Of more than eight tokens the oldest is forgotten, and of values all but the newest sixteen, or those of two requests.
   */
  add(secret: string | Headers): void;
  clear(): void;
  /** The text with a mask in the place of each secret. */
  redact(text: string): string;
  /** The same of every text in lists and objects, their names included, and of numbers where they may be secrets. */
  clean<V>(value: V, numbersToo?: boolean): V;
  /** A record of docs/core-messages.md. What the server sent to whoever asked for it passes as it is. */
  cleanRecord<R extends readonly [number, ...unknown[]]>(record: R): R;
}

/** Records in which the client speaks of itself, by number, and where the server's own JSON stands in them. */
const enum Kind {
  Status = 2,
  Log = 3,
  Answer = 4,
  Refusal = 5,
  OwnEvent = 7,
  ChannelStatus = 8,
}
const DATA_OF_STATUS = 9;
const DATA_OF_CHANNEL = DATA_OF_STATUS + 1;

/** Whether a record is to be cleaned, and of which places: from the first one that the page does not look things up by. */
function speaksOfItself([kind, first, ...rest]: readonly [number, ...unknown[]]): boolean {
  if (kind === Kind.OwnEvent) return first === "invalid";
  // The four lists of an inspection; other answers are what somebody asked the server for.
  if (kind === Kind.Answer) return rest.length > 1;
  return kind === Kind.Status || kind === Kind.Log || kind === Kind.Refusal || kind === Kind.ChannelStatus;
}

export function createSecrets(): Secrets {
  /** Each with its forms, the newest last. */
  const tokens = new Map<string, Needle[]>();
  const values: typeof tokens = new Map();
  const all = () => [...tokens, ...values];
  /** A header may be a small number such as a version: those of the server's data stay. */
  const isSecret = (number: number) =>
    [...tokens.keys()].some((secret) => secret.trim() !== "" && Number(secret) === number);

  function keep(known: typeof tokens, secret: string, most: number): void {
    if (!secret) return;
    // Headers are the same again and again.
    const needles = known.get(secret) ?? needlesOf(secret);
    known.delete(secret);
    known.set(secret, needles);
    for (const oldest of known.keys()) {
      if (known.size <= most) break;
      known.delete(oldest);
    }
  }

  const secrets: Secrets = {
    clean<V>(value: V, numbersToo = false): V {
      const inner = (member: unknown) => secrets.clean(member, numbersToo);
      const clean = (): unknown => {
        if (typeof value === "string") return secrets.redact(value);
        if (typeof value === "number") return numbersToo && isSecret(value) ? MASK : value;
        if (Array.isArray(value)) return value.map(inner);
        if (!value || Object.getPrototypeOf(value) !== Object.prototype) return value;
        return Object.fromEntries(
          Object.entries(value).map(([name, member]) => [secrets.redact(name), inner(member)]),
        );
      };
      return clean() as V;
    },
    cleanRecord<R extends readonly [number, ...unknown[]]>(record: R): R {
      if (!speaksOfItself(record)) return record;
      const [kind] = record;
      const data = kind === Kind.ChannelStatus ? DATA_OF_CHANNEL : kind === Kind.Status ? DATA_OF_STATUS : -1;
      // The page finds a channel by its name, and an event by its own.
      const isName = (place: number) =>
        place === 1 && (kind === Kind.ChannelStatus || kind === Kind.OwnEvent);
      return record.map((value, place) =>
        isName(place) ? value : secrets.clean(value, place === data),
      ) as unknown as R;
    },
    add(secret) {
      if (typeof secret === "string") return keep(tokens, secret, KEPT);
      const given = [...secret].filter(([name]) => !HARMLESS.test(name));
      const parts = given.flatMap(([, value]) => [value, value.replace(/^\S+ +/, "")]);
      // Those of one request and of the one before are kept, however many they are.
      for (const part of parts) keep(values, part, Math.max(KEPT_OF_HEADERS, 2 * parts.length));
    },
    clear() {
      tokens.clear();
      values.clear();
    },
    redact(text) {
      const bytes = encode(text);
      const ranges: [number, number][] = [];
      for (const needle of all().flatMap(([, needles]) => needles)) {
        bytes.forEach((byte, start) => {
          const first = needle.bytes[0];
          const mayBegin =
            isSame(needle, first, byte) ||
            byte === PERCENT ||
            byte === BACKSLASH ||
            (byte === PLUS && first === 32);
          const end = mayBegin ? matchAt(needle, bytes, start) : undefined;
          if (end !== undefined) ranges.push(needle.isBase64 ? widened(bytes, start, end) : [start, end]);
        });
      }
      return ranges.length ? masked(bytes, ranges) : text;
    },
  };
  return secrets;
}
