/**
 * Events on their way to listeners: those that have a validator pass it first. It is loaded with the core where the app
 * has validators, and given what it works with.
 */
import type { InvalidPayload } from "./payloads.js";
import type { StandardResult, StandardSchemaV1 } from "./standard-schema.js";
import type { EventMeta, JobsClientOptions } from "../types.js";

/** Invalid events kept for inspection; of each the issues, and the characters of its payload as JSON. */
const QUARANTINE = 100;
const MOST_ISSUES = 100;
const MOST_CHARACTERS = 16_384;
/** Characters of what is kept of longer ones, and of what a validator says: it may quote all that it was given. */
const EXCERPT = 1000;

/** Events that wait for asynchronous validators. */
const MOST_WAITING = 10_000;
/** How far apart two log entries about those beyond are, ms. */
const APART = 1000;

interface Surroundings {
  schemas: Record<string, StandardSchemaV1>;
  onInvalid: JobsClientOptions["onInvalid"];
  /** The namespace of the client's own methods. */
  home: string;
  emit: (channel: string, event: string, payload: unknown, meta: EventMeta) => void;
  warn: (code: string, message: string, jobId?: string) => void;
  isClosed: () => boolean;
  textOf: (error: unknown) => string;
}

interface Place {
  channel: string;
  /** What the core calls the event, its namespace included. */
  name: string;
}

export interface Validators {
  deliver(event: string, payload: unknown, meta: EventMeta, place: Place): void;
  /** How many events of a name validators have refused. */
  refused(name: string): number;
  /** What was held back, oldest first. */
  quarantine(): InvalidPayload[];
}

const TOO_MANY = { issues: [{ message: "Too many events wait for asynchronous validators." }] };

const excerptOf = (text: string) => (text.length > EXCERPT ? `${text.slice(0, EXCERPT)}…` : text);

const keyOf = (step: PropertyKey | { readonly key: PropertyKey }) =>
  typeof step === "object" ? step.key : step;

/** What is kept of an invalid event: a hundred of them must not hold as many frames, nor their attachments. */
function toKeep(bad: InvalidPayload): InvalidPayload {
  const { payload, issues = [] } = bad;
  let hasBytes = false;
  const text = JSON.stringify(payload, (_, member: unknown) => {
    if (!(member instanceof ArrayBuffer)) return member;
    hasBytes = true;
    return `(${member.byteLength} bytes)`;
  });
  const isLarge = hasBytes || (text?.length ?? 0) > MOST_CHARACTERS;
  if (!isLarge && issues.length <= MOST_ISSUES) return bad;
  return {
    ...bad,
    payload: isLarge ? excerptOf(text) : payload,
    // Those of some validators hold the payload, too.
    issues: issues.slice(0, MOST_ISSUES).map(({ message, path = [] }) => ({
      message: excerptOf(String(message)),
      path: path.map(keyOf),
    })),
  };
}

export function createValidators({
  schemas,
  onInvalid,
  home,
  emit,
  warn,
  isClosed,
  textOf,
}: Surroundings): Validators {
  const invalid = new Map<string, number>();
  const held: InvalidPayload[] = [];
  let validating = Promise.resolve();
  let waiting = 0;
  let nextWarning = -Infinity;

  const refusal = (message: string) => ({ value: undefined, issues: [{ message }] });
  const thrown = (error: unknown) => refusal(textOf(error));

  /** Whether no more events can wait. */
  function isFull(): boolean {
    if (waiting < MOST_WAITING) return false;
    const now = performance.now();
    if (now >= nextWarning) {
      nextWarning = now + APART;
      warn(
        "validators-full",
        `Events are refused: ${MOST_WAITING} of them wait for asynchronous validators.`,
      );
    }
    return true;
  }

  /** Those of an asynchronous validator stay in order among themselves. */
  function deliver(event: string, payload: unknown, meta: EventMeta, { channel, name }: Place): void {
    const tell = (...told: [event: string, payload: unknown, meta: EventMeta]) => emit(channel, ...told);
    // A server may name its event like a member of every object.
    const schema = Object.hasOwn(schemas, event) && schemas[event];
    // What the core refused and passes on is known to be wrong.
    if (!schema || meta.invalid) return tell(event, payload, meta);
    const judge = (verdict?: { value?: unknown; issues?: InvalidPayload["issues"] | undefined }) => {
      if (isClosed()) return;
      const { issues, value } = verdict ?? refusal("The validator said nothing.");
      if (!issues) return tell(event, value, meta);
      const { jobId } = meta;
      const code = "invalid-event";
      const reason = excerptOf(String(issues[0]?.message ?? ""));
      const bad: InvalidPayload = { event, code, reason, payload, issues, ...(jobId && { jobId }) };
      invalid.set(name, (invalid.get(name) ?? 0) + 1);
      if (verdict !== TOO_MANY) warn(code, `${name}: ${reason}`, jobId);
      if (onInvalid === "quarantine" && held.push(toKeep(bad)) > QUARANTINE) held.shift();
      emit(home, "invalid", bad, meta);
      if (channel !== home) tell("invalid", bad, meta);
      if (onInvalid === "pass") tell(event, payload, { ...meta, invalid: reason });
    };
    let result: StandardResult<unknown> | Promise<StandardResult<unknown>>;
    try {
      result = schema["~standard"].validate(payload);
    } catch (error) {
      result = thrown(error);
    }
    if (result instanceof Promise) {
      const caught = result.catch(thrown);
      if (isFull()) return judge(TOO_MANY);
      waiting++;
      validating = validating
        .then(() => caught)
        .then((verdict) => {
          waiting--;
          judge(verdict);
        });
    } else judge(result);
  }

  return { deliver, refused: (name) => invalid.get(name) ?? 0, quarantine: () => [...held] };
}
