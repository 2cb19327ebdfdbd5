/** What a protocol adds to the facade. Its code is a chunk of its own, which imports nothing of the client's. */
import type { Rooms, Say } from "../channels/channels.js";
import type { CoreConfig } from "../wire/config.js";
import type { Entities } from "../entities/entities.js";
import type { JobsError } from "../errors.js";
import type { Link } from "../runtime/link.js";
import type { Rec } from "../wire/messages.js";
import type { Problem, Words } from "../wire/problems.js";
import type { EndOf } from "../wire/records.js";
import type * as records from "../wire/records.js";
import type { Scheduler } from "../store/scheduler.js";
import type { Cell } from "../store/store.js";
import type { EventMeta, JobsClientOptions } from "../types.js";

/** Where an event belongs that is not of the default channel. */
export interface Place {
  channel: string;
  /** What the core calls the event, its namespace included. */
  name: string;
}

/** Reports an event to its listeners. */
export type Deliver = (event: string, payload: unknown, meta: EventMeta, place?: Place) => void;

/** What reads the records of a batch, by kind. */
export type Readers = { readonly [kind in Rec]?: (fields: never) => void };

type Records = Pick<typeof records, "given" | "toKnownPayload" | "toMeta" | "toOtherPayload" | "toStatus">;

/** What an adapter works with. */
export interface Surroundings extends Records, Pick<Link, "ask" | "answer"> {
  config: CoreConfig;
  options: Pick<JobsClientOptions, "map" | "intervals" | "path">;
  /** The namespace of the client's own methods. */
  home: string;
  rooms: Rooms;
  say: Say;
  deliver: Deliver;
  /** Whether nothing more comes from this core. */
  isOver(): boolean;
  problem: Problem;
  entities: ReadonlyMap<string, Cell<Entities>>;
  frames: Scheduler;
  wrongOption(name: string, takes: string): JobsError;
}

/** One core's adapter. */
export interface Adapter {
  /** The config with the presets of the protocol. */
  config: CoreConfig;
  /** For records that only this protocol has, or in the place of the client's own readers. */
  readers: Readers;
  /** Takes in an attachment of a record that follows. */
  attach?(id: number, bytes: ArrayBuffer): void;
  /** The payload of the end of a job that a read found, as the server's own event would have it. */
  endOf: EndOf;
}

/** What the module of a protocol exports. */
export interface Protocol {
  words?: Words;
  createAdapter(surroundings: Surroundings): Adapter;
}
