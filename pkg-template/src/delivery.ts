/** Events on their way to listeners: those that have a validator pass it first. */
import type { InvalidPayload } from "./payloads.js";
import { textOf } from "./report.js";
import type { StandardResult, StandardSchemaV1 } from "./standard-schema.js";
import type { EventMeta, JobsClientOptions } from "./types.js";

/** Invalid events kept for inspection. */
const QUARANTINE = 100;

interface Surroundings {
  schemas: Record<string, StandardSchemaV1>;
  onInvalid: JobsClientOptions["onInvalid"];
  /** The namespace of the client's own methods. */
  home: string;
  emit: (channel: string, event: string, payload: unknown, meta: EventMeta) => void;
  warn: (code: string, message: string, jobId?: string) => void;
  isClosed: () => boolean;
}

export interface Delivery {
  /** `name`: what the core calls the event, its namespace included. */
  deliver(event: string, payload: unknown, meta: EventMeta, channel?: string, name?: string): void;
  /** How many events of a name validators have refused. */
  refused(name: string): number;
  /** What was held back, oldest first. */
  quarantine(): InvalidPayload[];
}

const thrown = (error: unknown) => ({ value: undefined, issues: [{ message: textOf(error) }] });

export function createDelivery({ schemas, onInvalid, home, emit, warn, isClosed }: Surroundings): Delivery {
  const invalid = new Map<string, number>();
  const held: InvalidPayload[] = [];
  let validating = Promise.resolve();

  /** Those of an asynchronous validator stay in order among themselves. */
  function deliver(event: string, payload: unknown, meta: EventMeta, channel = home, name = event): void {
    const tell = (...told: [event: string, payload: unknown, meta: EventMeta]) => emit(channel, ...told);
    // A server may name its event like a member of every object.
    const schema = Object.hasOwn(schemas, event) && schemas[event];
    // What the core refused and passes on is known to be wrong.
    if (!schema || meta.invalid) return tell(event, payload, meta);
    const judge = (verdict?: { value?: unknown; issues?: InvalidPayload["issues"] | undefined }) => {
      if (isClosed()) return;
      const { issues, value } = verdict ?? thrown("The validator said nothing.");
      if (!issues) return tell(event, value, meta);
      const { jobId } = meta;
      const code = "invalid-event";
      const reason = issues[0]?.message ?? "";
      const bad: InvalidPayload = { event, code, reason, payload, issues, ...(jobId && { jobId }) };
      invalid.set(name, (invalid.get(name) ?? 0) + 1);
      warn(code, `${name}: ${reason}`, jobId);
      if (onInvalid === "quarantine" && held.push(bad) > QUARANTINE) held.shift();
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
      validating = validating.then(() => caught).then(judge);
    } else judge(result);
  }

  return { deliver, refused: (name) => invalid.get(name) ?? 0, quarantine: () => [...held] };
}
